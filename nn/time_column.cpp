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
double days_since_1970(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int of_era = year - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097.0 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

}  // namespace

std::optional<double> parse_time(std::string_view cell) {
  const std::string text(cell);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() && *end == '\0') return number;
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
  const std::string lower = lower_case(title);
  if (lower.find("time") != lower.npos || lower == "t" || lower == "date" || lower == "ms") {
    return true;
  }
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
  std::vector<std::string> gaps;
  if (steps_.size() < 3) return gaps;
  const double step = usual();
  for (const Step& one : steps_) {
    if (one.length >= kGap * step) {
      gaps.push_back(
          fmt::format("{}:{}: {:.4g} are missing in time before this line, where steps "
                      "are of {:.4g}",
                      at, one.line, one.length - step, step));
    } else if (one.length <= 0 && step > 0) {
      gaps.push_back(
          fmt::format("{}:{}: the time is not after that of the line before", at, one.line));
    }
  }
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
