#include "nn/csv_text.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "nn/text_file.h"

namespace pare::nn {
namespace {

namespace fs = std::filesystem;
using std::size_t;
using std::string_view;

/// Throws unless a file that begins with `text` may hold a table as text.
void check_beginning(const fs::path& path, string_view text) {
  if (text.empty()) refuse_file(path, "it is empty (0 bytes)");
  const bool utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  const bool every_second_is_0 =
      text.size() > 3 && ((text[0] == 0 && text[2] == 0) || (text[1] == 0 && text[3] == 0));
  if (utf16 || every_second_is_0) {
    refuse_file(path, "it is UTF-16; save it as UTF-8 (in Excel: 'CSV UTF-8')");
  }
  if (text.starts_with("PK\x03\x04")) {
    refuse_file(path, "it is a ZIP archive, as Excel's .xlsx files are; save the sheet as CSV");
  }
  if (text.starts_with("version https://git-lfs")) {
    refuse_file(path, "line 1: it is a Git LFS pointer, not the file itself; run: git lfs pull");
  }
  const size_t bracket = text.find_first_not_of(" \t\r\n");
  if (bracket == text.npos || (text[bracket] != '[' && text[bracket] != '{')) return;
  const size_t next = text.find_first_not_of(" \t\r\n", bracket + 1);
  if (next != text.npos && (text[next] == '{' || text[next] == '"')) {
    refuse_file(path, "line 1: it is JSON, not CSV");
  }
}

/// The length of the UTF-8 sequence at the start of `text`, or 0 if it is none.
/// Source: Unicode 15.0, table 3-7, "Well-Formed UTF-8 Byte Sequences".
size_t utf8_length(string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                                       : 4;
  if (first > 0xF4 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool wrong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                     (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return wrong ? 0 : length;
}

/// Throws, naming the first byte that is wrong, unless the text is UTF-8: what a code page's bytes
/// mean cannot be told from them, and names of classes depend on it.
void check_utf8(const fs::path& path, string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      const size_t line = static_cast<size_t>(
          std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
      const size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
      throw std::runtime_error(fmt::format(
          "{}:{}: byte {} of the line (0x{:02X}, byte {} of the file) is not UTF-8; save the file "
          "as "
          "UTF-8",
          path.string(), line + 1, at - begin + 1, static_cast<unsigned char>(text[at]), at + 1));
    }
    at += length;
  }
}

/// Throws if `text`, which begins at `offset`, has bytes that no text has.
void check_text(const fs::path& path, string_view text, size_t offset) {
  const auto found = std::find_if(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r';
  });
  if (found == text.end()) return;
  refuse_file(path,
              fmt::format("byte {} is 0x{:02x}, so it is no text; expected a CSV file, gzipped or "
                          "not",
                          offset + static_cast<size_t>(found - text.begin()),
                          static_cast<unsigned char>(*found)));
}

struct CloseGzip {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

}  // namespace

std::string read_table_text(const fs::path& path) {
  const std::unique_ptr<gzFile_s, CloseGzip> file(gzopen(path.c_str(), "rb"));
  if (!file || fs::is_directory(path)) refuse_file(path, "it cannot be opened");
  constexpr size_t kChunk = 1 << 20;
  std::string text;
  if (gzdirect(file.get()) != 0) text.reserve(fs::file_size(path) + kChunk);
  for (;;) {
    const size_t size = text.size();
    text.resize(size + kChunk);
    const int got = gzread(file.get(), text.data() + size, kChunk);
    if (got < 0) refuse_file(path, "its gzip data is damaged");
    text.resize(size + static_cast<size_t>(got));
    if (size == 0) check_beginning(path, text);
    check_text(path, string_view(text).substr(size), size);
    if (got == 0) break;
  }
  int error = Z_OK;
  gzerror(file.get(), &error);
  if (error != Z_OK) refuse_file(path, "its gzip data ends too early");
  check_utf8(path, text);
  return text;
}

}  // namespace pare::nn
