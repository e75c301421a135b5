#pragma once

#include <filesystem>
#include <string>

namespace pare::experiments {

/// Writes a file. Throws std::runtime_error if it cannot be written.
void write_text(const std::filesystem::path& path, const std::string& text);

/// Writes it beside and renames it, so that the old or the new text is there at every moment.
void replace_text(const std::filesystem::path& path, const std::string& text);

}  // namespace pare::experiments
