#include "nn/time_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "nn/lower_case.h"

namespace pare::nn {
namespace {

constexpr double kSecondsOfDay = 86400;
constexpr double kGap = 1.9;  // steps: what is longer lacks a line or more

/// Days from 1970 to a date of the Gregorian calendar.
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
int days_since_1970(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int of_era = year - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

}  // namespace

std::optional<double> parse_time(std::string_view cell) {
  const std::string text(cell);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() && *end == '\0') {
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
  }
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  double second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%*1[ T]%2d:%2d:%lf", &year, &month, &day, &hour,
                  &minute, &second) >= 3 &&
      month >= 1 && month <= 12) {
    return days_since_1970(year, month, day) * kSecondsOfDay + hour * 3600.0 + minute * 60.0 +
           second;
  }
  if (std::sscanf(text.c_str(), "%2d:%2d:%lf", &hour, &minute, &second) == 3) {
    return hour * 3600.0 + minute * 60.0 + second;
  }
  return std::nullopt;
}

bool is_time_column(std::string_view title, std::string_view first_cell) {
  // As a word of its own, or at either end of one: "time", "time (s)", "timestamp", "date_time".
  const std::string lower = lower_case(title);
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const std::size_t at = lower.find("time");
  if (at != lower.npos) {
    const std::string_view after = std::string_view(lower).substr(at + 4);
    const bool begins = at == 0 || !is_letter(lower[at - 1]) || lower.starts_with("date");
    const bool ends = after.empty() || !is_letter(after[0]) || after.starts_with("stamp");
    if (begins && ends) return true;
  }
  if (lower == "date") return true;
  char* end = nullptr;
  const std::string text(first_cell);
  std::strtod(text.c_str(), &end);
  return *end != '\0' && parse_time(first_cell).has_value();
}

void TimeSteps::see(double time, std::size_t line, bool border) {
  if (last_ && !border) {
    double step = time - *last_;
    if (step < 0 && step > -kSecondsOfDay && step + kSecondsOfDay < 3600) step += kSecondsOfDay;
    steps_.push_back({step, line});
  }
  last_ = time;
}

double TimeSteps::usual() const {
  std::vector<double> lengths;
  for (const Step& step : steps_) lengths.push_back(step.length);
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  return *middle;
}

std::vector<std::string> TimeSteps::gaps(const std::string& at) const {
  constexpr std::size_t kShown = 3;
  std::size_t count = 0;
  std::vector<std::string> gaps;
  if (steps_.size() < 3) return gaps;
  const double step = usual();
  for (const Step& one : steps_) {
    const bool gap = one.length >= kGap * step;
    if (!gap && !(one.length <= 0 && step > 0)) continue;
    if (++count > kShown) continue;
    if (gap) {
      gaps.push_back(
          fmt::format("{}:{}: {:.4g} are missing in time before this line, where steps "
                      "are of {:.4g}",
                      at, one.line, one.length - step, step));
    } else {
      gaps.push_back(
          fmt::format("{}:{}: the time is not after that of the line before", at, one.line));
    }
  }
  if (count > kShown) gaps.push_back(fmt::format("{}: {} more such lines", at, count - kShown));
  return gaps;
}

std::optional<TimeSteps::Range> TimeSteps::range() const {
  if (steps_.size() < 3) return std::nullopt;
  Range range{usual(), usual(), usual()};
  for (const Step& step : steps_) {
    if (step.length >= kGap * range.usual || step.length <= 0) continue;
    range.least = std::min(range.least, step.length);
    range.most = std::max(range.most, step.length);
  }
  return range;
}

}  // namespace pare::nn
