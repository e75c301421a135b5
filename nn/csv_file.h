#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pare::nn {

/// What a CSV file's first row is.
enum class CsvHeader : std::uint8_t { detect, yes, no };

/// How a CSV file is read.
struct CsvFormat {
  char delimiter = '\0';  ///< ',', ';' or a tab; '\0' takes the one that fits the first rows
  CsvHeader header = CsvHeader::detect;
};

/// One row of a CSV file; the cells live as long as the call that shows them.
struct CsvRow {
  std::size_t line = 0;      ///< in the file, from 1: where the row begins
  bool after_blank = false;  ///< blank lines are above it
  std::span<const std::string_view> cells;
};

/// A rectangle of cells: the text of a CSV file, unpacked where it is gzipped. Lines end with LF,
/// CR LF or CR; a byte order mark, empty lines, and spaces and tabs around cells are passed over;
/// cells may be quoted. Lines above the table that begin with # are comments, but for a last one
/// that holds titles; a delimiter at the end of each line makes no column. Source: RFC 4180,
/// RFC 1952 (gzip).
///
/// A detected header is a first row of text, unless each text is a value of its column, which
/// stands there again; one with numbers too if these increase (years, wave lengths, pandas' column
/// numbers beside names) and the text is no such value; and a first row of exactly 0, 1, 2, ... in
/// at least three columns, which is what pandas calls columns that have no names.
class CsvFile {
 public:
  /// Throws std::runtime_error that names the file, the line and what is wrong if the file cannot
  /// be read, is no text in UTF-8, or is no rectangle of cells.
  explicit CsvFile(const std::filesystem::path& path, CsvFormat format = {});

  const std::filesystem::path& path() const { return path_; }
  /// Titles of the columns, distinct, of which one may be empty; none where there is no header.
  const std::vector<std::string>& titles() const { return titles_; }
  std::size_t columns() const { return columns_; }
  /// Rows below the header.
  std::size_t rows() const { return rows_; }
  /// What the reader must know of how the file was taken; mostly empty.
  const std::string& note() const { return note_; }

  /// Shows every row below the header, in order.
  void for_each_row(const std::function<void(const CsvRow&)>& visit) const;

  /// The number that a cell holds, as float32: "+0.5" and numbers too small for float32, which
  /// become 0, are some, infinities and NaN are none. A comma is a decimal point unless it
  /// delimits cells.
  std::optional<float> number(std::string_view cell) const;

  /// Whether a cell says that its value is missing, where numbers are expected, or texts: "none"
  /// may be a text.
  bool is_missing_number(std::string_view cell) const;
  bool is_missing_text(std::string_view cell) const;

  /// Whether the row repeats the titles.
  bool is_header_again(const CsvRow& row) const;

  /// The number in a column of a row. Throws std::runtime_error, with file and line, if it is none.
  float expect_number(const CsvRow& row, std::size_t column) const;

  /// For a message: by its title where it has one.
  std::string column_name(std::size_t column) const;

  /// Throws std::runtime_error: "FILE:LINE: what".
  [[noreturn]] void fail(std::size_t line, std::string_view what) const;

 private:
  class Reader;

  void skip_comments();
  bool are_titles(std::size_t begin) const;
  void detect_delimiter();
  void take_header();
  bool is_header(const std::vector<std::string>& first, std::size_t line);

  /// What is in a column below a first row that may be titles.
  enum class Below : std::uint8_t {
    numbers,       ///< no text
    the_same,      ///< the text of the first row too
    other_values,  ///< other texts, which repeat themselves
    other_texts    ///< other texts, mostly another one in each row
  };
  std::vector<Below> look_below(const std::vector<std::string>& first) const;
  void drop_last_column();
  void check_shape();
  [[noreturn]] void refuse_shape(const CsvRow& row) const;

  std::filesystem::path path_;
  std::string text_;
  std::size_t begin_ = 0;  ///< of the first row below the header in the text
  std::size_t begin_line_ = 1;
  char delimiter_;
  CsvHeader header_;
  std::vector<std::string> titles_;
  std::size_t columns_ = 0;
  bool trailing_ = false;  ///< each line ends in a delimiter
  std::size_t rows_ = 0;
  std::string note_;
};

/// A cell for a message: not too long, on one line.
std::string shown_cell(std::string_view cell);

}  // namespace pare::nn
