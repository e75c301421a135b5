#include "nn/csv_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <map>
#include <stdexcept>

#include "nn/csv_text.h"

namespace pare::nn {
namespace {

namespace fs = std::filesystem;
using std::size_t;
using std::string_view;

/// What from_chars calls out of its range: a number too small for float32 is one, though, a 0.
std::optional<float> beyond_range(string_view cell) {
  const float value = std::strtof(std::string(cell).c_str(), nullptr);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<float> parse_number(string_view cell, bool decimal_comma) {
  std::array<char, 64> buffer;
  const size_t comma = decimal_comma ? cell.find(',') : string_view::npos;
  if (comma != string_view::npos) {
    if (cell.size() > buffer.size()) return std::nullopt;
    std::copy(cell.begin(), cell.end(), buffer.begin());
    buffer[comma] = '.';
    cell = {buffer.data(), cell.size()};
  }
  if (cell.size() > 1 && cell[0] == '+' && cell[1] != '-') cell.remove_prefix(1);
  float value = 0;
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  if (stop != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) return beyond_range(cell);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// What says that a value is missing, in lower case; the last ones only among numbers.
constexpr std::array<string_view, 11> kMissing{"",     "?",    "#n/a", "n/a", "na", "nan",
                                               "null", "none", "-",    "--",  "."};
constexpr size_t kMissingTexts = 7;

bool is_one_of(string_view cell, std::span<const string_view> words) {
  if (!cell.empty() && cell.back() >= '0' && cell.back() <= '9') return false;  // as none does
  const auto in_lower_case = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::any_of(words.begin(), words.end(), [&](string_view word) {
    return std::equal(cell.begin(), cell.end(), word.begin(), word.end(),
                      [&](char a, char b) { return in_lower_case(a) == b; });
  });
}

/// What a cell of the first row says on whether the row is a header.
enum class Kind : std::uint8_t { number, missing, text };

Kind kind_of(const std::string& cell, bool decimal_comma) {
  if (is_one_of(cell, kMissing)) return Kind::missing;
  if (parse_number(cell, decimal_comma)) return Kind::number;
  char* end = nullptr;  // an infinity, written in any way, is no title either
  std::strtod(cell.c_str(), &end);
  return *end == '\0' ? Kind::number : Kind::text;
}

/// True of 0, 1, 2, ..., or of an empty cell, for the row numbers, and then these.
bool are_column_numbers(const std::vector<std::string>& cells) {
  const size_t first = cells[0].empty() ? 1 : 0;
  for (size_t i = first; i < cells.size(); ++i) {
    if (cells[i] != fmt::format("{}", i - first)) return false;
  }
  return true;
}

}  // namespace

std::string shown_cell(string_view cell) {
  constexpr size_t kMost = 40;
  std::string text(cell.substr(0, kMost));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return cell.size() > kMost ? text + "..." : text;
}

/// Cuts the text into rows, one after the other.
class CsvFile::Reader {
 public:
  /// From `begin` in the text on, which is in line `line`.
  Reader(const CsvFile& file, size_t begin, size_t line)
      : file_(file),
        at_(file.text_.data() + begin),
        end_(file.text_.data() + file.text_.size()),
        line_(line) {}

  /// The next row that is not empty; false at the end.
  bool next(CsvRow& row) {
    row.after_blank = false;
    while (at_ != end_) {
      cells_.clear();
      unescaped_.clear();
      row.line = line_;
      bool quoted = false;
      do {
        skip_blanks();
        quoted = at_ != end_ && *at_ == '"';
        cells_.push_back(quoted ? read_quoted() : read_plain());
      } while (pass_delimiter());
      if (cells_.size() == 1 && cells_[0].empty() && !quoted) {
        row.after_blank = true;
        continue;
      }
      if (file_.trailing_ && cells_.size() == file_.columns_ + 1 && cells_.back().empty()) {
        cells_.pop_back();
      }
      row.cells = cells_;
      return true;
    }
    return false;
  }

  /// Where the next row begins.
  size_t place() const { return static_cast<size_t>(at_ - file_.text_.data()); }
  size_t line() const { return line_; }

 private:
  bool is_blank(char c) const { return c == ' ' || (c == '\t' && file_.delimiter_ != '\t'); }
  static bool ends_line(char c) { return c == '\n' || c == '\r'; }

  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }

  string_view read_plain() {
    const char* const begin = at_;
    while (at_ != end_ && *at_ != file_.delimiter_ && !ends_line(*at_)) ++at_;
    const char* last = at_;
    while (last != begin && is_blank(last[-1])) --last;
    return {begin, static_cast<size_t>(last - begin)};
  }

  /// What stands between quotes, of which two are one; a line may end in it.
  string_view read_quoted() {
    const size_t line = line_;
    const char* const begin = ++at_;
    bool doubled = false;
    for (;; ++at_) {
      if (at_ == end_) {
        file_.fail(line, fmt::format("the quote that opens in {} is never closed",
                                     file_.column_name(cells_.size())));
      }
      if (*at_ == '\n' || (*at_ == '\r' && (at_ + 1 == end_ || at_[1] != '\n'))) ++line_;
      if (*at_ != '"') continue;
      if (at_ + 1 == end_ || at_[1] != '"') break;
      doubled = true;
      ++at_;
    }
    const string_view inside(begin, static_cast<size_t>(at_ - begin));
    ++at_;
    skip_blanks();
    if (at_ != end_ && *at_ != file_.delimiter_ && !ends_line(*at_)) {
      file_.fail(line_, fmt::format("text follows the closing quote in {}; write quotes inside of "
                                    "a quoted cell twice",
                                    file_.column_name(cells_.size())));
    }
    if (!doubled) return inside;
    std::string& text = unescaped_.emplace_back();
    for (size_t i = 0; i < inside.size(); ++i) {
      text += inside[i];
      if (inside[i] == '"') ++i;
    }
    return text;
  }

  /// Moves past a delimiter, or past the end of the line: then false.
  bool pass_delimiter() {
    if (at_ == end_) return false;
    if (*at_ == file_.delimiter_) return ++at_, true;
    if (*at_ == '\r' && at_ + 1 != end_ && at_[1] == '\n') ++at_;
    ++at_;
    ++line_;
    return false;
  }

  const CsvFile& file_;
  const char* at_;
  const char* end_;
  size_t line_;
  std::vector<string_view> cells_;
  std::deque<std::string> unescaped_;  // cells that had doubled quotes
};

CsvFile::CsvFile(const fs::path& path, CsvFormat format)
    : path_(path),
      text_(read_table_text(path)),
      begin_(text_.starts_with("\xEF\xBB\xBF") ? 3 : 0),
      delimiter_(format.delimiter),
      header_(format.header) {
  skip_comments();
  take_header();
  check_shape();
}

/// Moves to the table below comments, and finds its delimiter.
void CsvFile::skip_comments() {
  size_t last = begin_;  // of the comments' lines
  for (size_t at = begin_; at < text_.size() && text_[at] == '#'; ++begin_line_) {
    last = at;
    at = std::min(text_.find_first_of("\r\n", at), text_.size());
    at += text_.compare(at, 2, "\r\n") == 0 ? 2U : 1U;
    begin_ = std::min(at, text_.size());
  }
  if (delimiter_ == '\0') detect_delimiter();
  if (last == begin_ || !are_titles(last + 1)) return;
  begin_ = last + 1;
  --begin_line_;
}

/// Whether the comment at `begin` holds titles, as numpy.savetxt writes them: as many cells as the
/// row below has, which has a number.
bool CsvFile::are_titles(size_t begin) const {
  try {
    CsvRow titles;
    CsvRow below;
    Reader reader(*this, begin, 1);
    Reader next(*this, begin_, 1);
    if (!reader.next(titles) || !next.next(below)) return false;
    const auto is_number = [&](string_view cell) { return number(cell).has_value(); };
    return titles.cells.size() == below.cells.size() &&
           std::none_of(titles.cells.begin(), titles.cells.end(), is_number) &&
           std::any_of(below.cells.begin(), below.cells.end(), is_number);
  } catch (const std::runtime_error&) {
    return false;  // its quotes are no cells' quotes
  }
}

void CsvFile::detect_delimiter() {
  constexpr int kRows = 20;
  double best = 0;
  char found = ',';
  for (const char candidate : {',', ';', '\t'}) {
    delimiter_ = candidate;
    size_t columns = 0;
    size_t cells = 0;
    size_t numbers = 0;
    bool even = true;
    try {
      Reader reader(*this, begin_, 1);
      CsvRow row;
      for (int i = 0; i < kRows && reader.next(row); ++i) {
        even = even && (i == 0 || row.cells.size() == columns);
        columns = row.cells.size();
        cells += columns;
        for (const string_view cell : row.cells) numbers += number(cell) ? 1U : 0U;
      }
    } catch (const std::runtime_error&) {
      even = false;  // its quotes are no cells' quotes
    }
    const double share = static_cast<double>(1 + numbers) / static_cast<double>(1 + cells);
    if (!even || columns < 2 || share <= best) continue;
    best = share;
    found = candidate;
  }
  delimiter_ = found;
}

void CsvFile::take_header() {
  Reader reader(*this, begin_, begin_line_);
  CsvRow row;
  if (!reader.next(row)) return;
  const std::vector<std::string> first(row.cells.begin(), row.cells.end());
  const size_t line = row.line;
  const size_t place = reader.place();
  const size_t line_after = reader.line();
  columns_ = first.size();
  std::vector<std::string> second;
  if (reader.next(row)) second.assign(row.cells.begin(), row.cells.end());
  const bool trailing = !second.empty() && second.back().empty() && second.size() > 2;
  if (header_ == CsvHeader::no || (header_ == CsvHeader::detect && !is_header(first, line))) {
    if (trailing && second.size() == columns_ && first.back().empty()) drop_last_column();
    return;
  }
  for (auto title = first.begin(); title != first.end(); ++title) {
    if (std::find(first.begin(), title, *title) == title) continue;
    fail(line, fmt::format("two columns have the title '{}'; give each a title of its own",
                           shown_cell(*title)));
  }
  titles_ = first;
  if (trailing && second.size() == columns_ && first.back().empty()) {
    titles_.pop_back();
    drop_last_column();
  } else if (trailing && second.size() == columns_ + 1) {
    ++columns_;
    drop_last_column();
  }
  begin_ = place;
  begin_line_ = line_after;
}

/// The last column is what follows the delimiter that ends each line: nothing.
void CsvFile::drop_last_column() {
  --columns_;
  trailing_ = true;
  note_ = fmt::format("{}: each line ends in a delimiter; the empty last column is left out",
                      path_.string());
}

bool CsvFile::is_header(const std::vector<std::string>& first, size_t line) {
  const bool decimal_comma = delimiter_ != ',';
  std::vector<float> numbers;
  std::vector<size_t> texts;
  for (size_t i = 0; i < first.size(); ++i) {
    const Kind kind = kind_of(first[i], decimal_comma);
    if (kind == Kind::number) numbers.push_back(number(first[i]).value_or(NAN));
    if (kind == Kind::text) texts.push_back(i);
  }
  if (texts.empty()) {
    if (!are_column_numbers(first) || first.size() < 2) return false;
    const bool taken = first.size() > 2;
    note_ = fmt::format(
        "{}:{}: the first row, {}, is taken for {}; header = \"{}\" in [data] says "
        "otherwise",
        path_.string(), line, fmt::join(first, ", "),
        taken ? "titles, as pandas writes them" : "a sample", taken ? "no" : "yes");
    return taken;
  }
  const std::vector<Below> below = look_below(first);
  if (numbers.empty()) {
    // Texts are titles, unless each of them is a value of its column.
    const bool values =
        first.size() > 1 && std::all_of(below.begin(), below.end(),
                                        [](Below column) { return column == Below::the_same; });
    if (values) {
      note_ = fmt::format(
          "{}:{}: the first row, {}, is taken for a sample, as each of its texts stands "
          "below it again; header = \"yes\" in [data] says otherwise",
          path_.string(), line, fmt::join(first, ", "));
    }
    return !values;
  }
  const bool titles = std::all_of(texts.begin(), texts.end(), [&](size_t i) {
    return below[i] == Below::numbers || below[i] == Below::other_values;
  });
  const auto rises = [](float a, float b) { return !(a < b); };
  return titles && std::adjacent_find(numbers.begin(), numbers.end(), rises) == numbers.end();
}

/// What stands in each column below the first row, in rows that are another one.
std::vector<CsvFile::Below> CsvFile::look_below(const std::vector<std::string>& first) const {
  constexpr int kRows = 1000;
  const bool decimal_comma = delimiter_ != ',';
  std::vector<std::map<std::string, size_t, std::less<>>> counts(first.size());
  size_t rows = 0;
  try {
    Reader reader(*this, begin_, begin_line_);
    CsvRow row;
    while (rows < kRows && reader.next(row)) {
      if (std::equal(row.cells.begin(), row.cells.end(), first.begin(), first.end())) continue;
      ++rows;
      for (size_t k = 0; k < std::min(first.size(), row.cells.size()); ++k) {
        const std::string cell(row.cells[k]);
        if (kind_of(cell, decimal_comma) == Kind::text) ++counts[k][cell];
      }
    }
  } catch (const std::runtime_error&) {  // what is wrong with a row is said when it is read
  }
  std::vector<Below> below;
  for (size_t k = 0; k < first.size(); ++k) {
    size_t texts = 0;
    for (const auto& [text, count] : counts[k]) texts += count;
    const bool repeated = texts >= 2 * counts[k].size();
    below.push_back(counts[k].empty()              ? Below::numbers
                    : counts[k].contains(first[k]) ? Below::the_same
                    : repeated                     ? Below::other_values
                                                   : Below::other_texts);
  }
  return below;
}

void CsvFile::check_shape() {
  size_t comma_line = 0;  // of the first number with a decimal comma, and with a point
  size_t point_line = 0;
  for_each_row([&](const CsvRow& row) {
    if (row.cells.size() != columns_) refuse_shape(row);
    ++rows_;
    if (delimiter_ == ',') return;
    for (const string_view cell : row.cells) {
      if (comma_line == 0 && cell.find(',') != cell.npos && number(cell)) comma_line = row.line;
      if (point_line == 0 && cell.find('.') != cell.npos && number(cell)) point_line = row.line;
    }
  });
  if (comma_line == 0 || point_line == 0) return;
  fail(std::max(comma_line, point_line),
       fmt::format("numbers have a decimal comma in line {} and a decimal point in line {}; write "
                   "all of them with a point",
                   comma_line, point_line));
}

/// Throws what is wrong with a row of another width than the rows above it.
void CsvFile::refuse_shape(const CsvRow& row) const {
  const size_t cells = row.cells.size();
  std::string what = titles_.empty()
                         ? fmt::format("{} cells, the rows above have {}", cells, columns_)
                         : fmt::format("{} cells, the header has {} titles", cells, columns_);
  if (trailing_ && cells == columns_ + 1) {
    what += fmt::format("; '{}' follows the delimiter that ends the other lines",
                        shown_cell(row.cells.back()));
  } else if (row.after_blank) {
    what += fmt::format(
        "; a blank line is above it: if the table begins in line {}, remove what is "
        "above",
        row.line);
  } else if (rows_ == 0) {
    size_t alike = 0;
    size_t all = 0;
    for_each_row([&](const CsvRow& other) {
      alike += other.cells.size() == cells ? 1U : 0U;
      ++all;
    });
    if (alike == all) what += fmt::format(", and all {} rows below have {}", all, cells);
  }
  fail(row.line, what);
}

void CsvFile::for_each_row(const std::function<void(const CsvRow&)>& visit) const {
  Reader reader(*this, begin_, begin_line_);
  for (CsvRow row; reader.next(row);) visit(row);
}

std::optional<float> CsvFile::number(string_view cell) const {
  return parse_number(cell, delimiter_ != ',');
}

bool CsvFile::is_missing_number(string_view cell) const { return is_one_of(cell, kMissing); }

bool CsvFile::is_missing_text(string_view cell) const {
  return is_one_of(cell, std::span(kMissing).first(kMissingTexts));
}

bool CsvFile::is_header_again(const CsvRow& row) const {
  return std::equal(row.cells.begin(), row.cells.end(), titles_.begin(), titles_.end());
}

float CsvFile::expect_number(const CsvRow& row, size_t column) const {
  const std::optional<float> value = number(row.cells[column]);
  if (value) return *value;
  const bool text_alone = std::none_of(row.cells.begin(), row.cells.end(),
                                       [&](string_view cell) { return number(cell).has_value(); });
  fail(row.line,
       fmt::format("'{}' is not a finite number, in {}{}", shown_cell(row.cells[column]),
                   column_name(column),
                   is_header_again(row) ? "; the line is the header again"
                   : text_alone && row.after_blank
                       ? "; it looks like the header of a second table, below a blank line"
                       : ""));
}

std::string CsvFile::column_name(size_t column) const {
  if (column >= titles_.size()) return fmt::format("column {} (the first is 0)", column);
  return titles_[column].empty() ? fmt::format("column {}, which has no title,", column)
                                 : fmt::format("column '{}'", titles_[column]);
}

void CsvFile::fail(size_t line, string_view what) const {
  throw std::runtime_error(fmt::format("{}:{}: {}", path_.string(), line, what));
}

}  // namespace pare::nn
