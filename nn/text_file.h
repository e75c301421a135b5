#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pare::nn {

/// Throws std::runtime_error that says what is wrong with a file: "PATH: WHAT".
[[noreturn]] void refuse_file(const std::filesystem::path& path, std::string_view what);

/// All bytes of a file. Throws std::runtime_error with the cause, without the file's name.
std::string read_bytes(const std::filesystem::path& path);

/// Writes a file. Throws std::runtime_error if it cannot be written.
void write_text(const std::filesystem::path& path, const std::string& text);

/// Writes it beside and renames it, so that the old or the new text is there at every moment.
void replace_text(const std::filesystem::path& path, const std::string& text);

/// Throws std::invalid_argument, naming the option that gave `path`, if no file can be put there.
void check_file_target(const std::filesystem::path& path, const std::string& option);

}  // namespace pare::nn
