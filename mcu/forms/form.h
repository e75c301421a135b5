#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mcu/boards/board.h"
#include "mcu/component.h"
#include "mcu/export_sketch.h"

namespace pare::mcu {

/// What every form of an export is made of.
struct Export {
  const Artefact& artefact;
  const Component& component;
  const TestVectors& vectors;
  const Board& board;  ///< of a sketch; the others are for any
  Memory weights = Memory::flash;
};

/// A folder that some tool takes as it is. A new one is a file here and a line in the registry.
struct Form {
  std::string_view name;     ///< as --as has it
  std::string_view summary;  ///< what takes the folder
  /// Throws std::invalid_argument if the folder holds something, or may not be called so.
  void (*check)(const std::filesystem::path& folder);
  /// Writes the folder, which holds nothing yet. Throws std::runtime_error if it cannot be written.
  void (*write)(const Export& what, const std::filesystem::path& folder);
  /// What to do with it, in one or two lines.
  std::string (*advice)(const Export& what, const std::filesystem::path& folder);
  bool keeps_weights = false;  ///< it can have the parameters in RAM
};

/// All forms; the first is the default.
std::span<const Form> forms();

/// Throws std::invalid_argument with those there are if there is no such form.
const Form& form_named(std::string_view name);

/// True of a folder that an export wrote, or that holds a sketch: such a one may be replaced.
bool is_export(const std::filesystem::path& folder);

/// A file of a form, `path` from its folder on.
struct FormFile {
  std::string path;
  std::string text;
};

/// Writes the component's two files into `sources`, LICENSE into `folder`, and `more`. Throws
/// std::runtime_error if a file cannot be written.
void write_component(const Component& component, const std::filesystem::path& folder,
                     const std::string& sources, const std::vector<FormFile>& more);

/// The parts of an application that are not the model's.
struct Application {
  std::string first_lines;  ///< what it is, and its includes
  std::string setup;        ///< statements that open the serial line
  std::string serve;        ///< what loop() does before it reads
  std::string leave;        ///< when it stops to read, before each byte
  /// What it prints of a sample; {0} is the component's name, {1} its prefix.
  std::string_view print_class;
  std::string_view print_outputs;
};

/// A sketch that reads the features from the serial monitor and prints what the model says of them.
std::string application(const Component& component, const Application& parts);

}  // namespace pare::mcu
