#pragma once

#include <filesystem>
#include <string>

namespace pare::nn {

/// The whole of a file that may hold a table as text, unpacked if it is gzipped. Throws
/// std::runtime_error that names the file, and what it is where it is something else: binary data,
/// UTF-16, another code page than UTF-8, an archive, JSON, a Git LFS pointer, or empty.
/// Source: RFC 1952 (gzip).
std::string read_table_text(const std::filesystem::path& path);

}  // namespace pare::nn
