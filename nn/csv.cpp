#include "nn/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <vector>

namespace pare::nn {
namespace {

constexpr double kMostClasses = 1000;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = line.find(',', begin);
    std::string cell = line.substr(begin, comma - begin);
    cell.erase(0, cell.find_first_not_of(" \t"));
    cell.erase(cell.find_last_not_of(" \t\r") + 1);
    cells.push_back(std::move(cell));
    if (comma == std::string::npos) return cells;
    begin = comma + 1;
  }
}

std::optional<float> number(const std::string& cell) {
  float value = 0;
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Everything in the file, checked to be a rectangle of numbers.
struct Numbers {
  std::vector<std::string> titles;  ///< empty where the file has no header
  std::vector<std::vector<float>> rows;
  std::vector<std::size_t> lines;  ///< of the rows, from 1
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw std::runtime_error(fmt::format("{}{}", path.string(), what));
}

Numbers read_numbers(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) refuse(path, ": it cannot be opened");
  Numbers numbers;
  std::size_t line_number = 0;
  for (std::string line; std::getline(file, line);) {
    ++line_number;
    const std::vector<std::string> cells = split(line);
    if (cells.size() == 1 && cells[0].empty()) continue;
    std::vector<float> row;
    for (const std::string& cell : cells) {
      const std::optional<float> value = number(cell);
      if (value) row.push_back(*value);
    }
    const bool first = numbers.rows.empty() && numbers.titles.empty();
    if (row.size() != cells.size() && first) {
      numbers.titles = cells;
      continue;
    }
    const std::size_t width = first                  ? cells.size()
                              : numbers.rows.empty() ? numbers.titles.size()
                                                     : numbers.rows[0].size();
    if (cells.size() != width) {
      refuse(path, fmt::format(":{}: {} cells, expected {}", line_number, cells.size(), width));
    }
    if (row.size() != cells.size()) {
      const auto bad =
          std::find_if(cells.begin(), cells.end(), [](const auto& c) { return !number(c); });
      refuse(path, fmt::format(":{}: '{}' is not a finite number", line_number, *bad));
    }
    numbers.rows.push_back(std::move(row));
    numbers.lines.push_back(line_number);
  }
  if (numbers.rows.empty()) refuse(path, ": it holds no samples");
  if (numbers.rows[0].size() < 2)
    refuse(path, ": it has one column; expected features and a target");
  return numbers;
}

Index find_target(const std::filesystem::path& path, const Numbers& numbers,
                  const std::string& target) {
  const auto titled = std::find(numbers.titles.begin(), numbers.titles.end(), target);
  if (titled != numbers.titles.end()) return titled - numbers.titles.begin();
  const auto columns = static_cast<Index>(numbers.rows[0].size());
  Index index = columns;
  const char* const end = target.data() + target.size();
  const auto [stop, error] = std::from_chars(target.data(), end, index);
  if (error == std::errc() && stop == end && index >= -columns && index < columns) {
    return index < 0 ? index + columns : index;
  }
  refuse(
      path,
      numbers.titles.empty()
          ? fmt::format(": no column '{}'; it has {} columns and no header", target, columns)
          : fmt::format(": no column '{}'; it has: {}", target, fmt::join(numbers.titles, ", ")));
}

}  // namespace

Dataset load_csv(const std::filesystem::path& path, const std::string& target, Task task) {
  const Numbers numbers = read_numbers(path);
  const Index column = find_target(path, numbers, target);
  const auto samples = static_cast<Index>(numbers.rows.size());
  const auto features = static_cast<Index>(numbers.rows[0].size()) - 1;
  Matrix inputs(samples, features);
  Vector values(samples);
  for (Index i = 0; i < samples; ++i) {
    const std::vector<float>& row = numbers.rows[static_cast<std::size_t>(i)];
    values[i] = row[static_cast<std::size_t>(column)];
    for (Index k = 0; k < features; ++k) {
      inputs(i, k) = row[static_cast<std::size_t>(k < column ? k : k + 1)];
    }
    const bool is_class =
        values[i] >= 0 && values[i] == std::round(values[i]) && double{values[i]} < kMostClasses;
    if (task == Task::classification && !is_class) {
      refuse(path, fmt::format(":{}: {} is not a class; expected 0, 1, 2, ...",
                               numbers.lines[static_cast<std::size_t>(i)], values[i]));
    }
  }
  if (task == Task::regression) return {std::move(inputs), values, task, {}};
  Matrix targets = Matrix::Zero(samples, static_cast<Index>(values.maxCoeff()) + 1);
  for (Index i = 0; i < samples; ++i) targets(i, static_cast<Index>(values[i])) = 1;
  return {std::move(inputs), std::move(targets), task, {}};
}

}  // namespace pare::nn
