#include <fmt/format.h>

#include <fstream>

#include "build_paths.h"
#include "mcu/forms/form.h"
#include "nn/text_file.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

// A marked place for the sensor, and numbers from the serial monitor.
constexpr std::string_view kApplication =
    R"({2}
static float features[{1}_INPUTS];

// The place for a sensor: fill `features` with one sample, in the units of the training data.
static bool read_features() {{
  static int count = 0;
  while (Serial.available() > 0) {{
{6}    const int next = Serial.peek();
    if (next != '-' && next != '.' && (next < '0' || next > '9')) {{
      Serial.read();
      continue;
    }}
    features[count++] = Serial.parseFloat();
    if (count < {1}_INPUTS) continue;
    count = 0;
    return true;
  }}
  return false;
}}

void setup() {{
{3}  Serial.setTimeout(100);
}}

void loop() {{
{4}  if (!read_features()) return;
{5}}}
)";

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  nn::write_text(path, text);
}

}  // namespace

void write_component(const Component& component, const fs::path& folder, const std::string& sources,
                     const std::vector<FormFile>& more) {
  write_file(folder / sources / (component.name + ".h"), component.header);
  write_file(folder / sources / (component.name + ".cpp"), component.source);
  fs::copy_file(PARE_SOURCE_DIR "/LICENSE", folder / "LICENSE");
  for (const FormFile& file : more) write_file(folder / file.path, file.text);
}

bool is_export(const fs::path& folder) {
  if (fs::exists(folder / (folder.filename().string() + ".ino"))) return true;
  for (const fs::path& part : {folder, folder / "src"}) {
    if (!fs::is_directory(part)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(part)) {
      if (entry.path().extension() != ".h") continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        if (line.find("Written by pare; export it again") != std::string::npos) return true;
      }
    }
  }
  return false;
}

std::string application(const Component& component, const Application& parts) {
  return fmt::format(
      fmt::runtime(kApplication), component.name, component.prefix, parts.first_lines, parts.setup,
      parts.serve,
      fmt::format(fmt::runtime(component.classifies ? parts.print_class : parts.print_outputs),
                  component.name, component.prefix),
      parts.leave);
}

}  // namespace pare::mcu
