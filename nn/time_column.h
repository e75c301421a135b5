#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/csv_file.h"

namespace pare::nn {

/// The seconds, or whatever a time column counts, of "17:05:41.2", "2024-02-01 10:00:00" or
/// "2024-02-01", or of a number; nothing of other text.
std::optional<double> parse_time(std::string_view cell);

/// Whether a column holds times: by its title, or as text in its first cell.
bool is_time_column(std::string_view title, std::string_view first_cell);

/// Watches the steps of a column of times.
class TimeSteps {
 public:
  /// The time in a line; `border` if a recording begins there.
  void see(double time, std::size_t line, bool border);

  bool empty() const { return !last_; }

  /// Lines before which two steps or more are missing, or time goes back. `at` names the file.
  std::vector<std::string> gaps(const std::string& at) const;

  /// The shortest, the usual and the longest step that is no gap; nothing of fewer than three.
  struct Range {
    double least;
    double usual;
    double most;
  };
  std::optional<Range> range() const;

 private:
  double usual() const;

  struct Step {
    double length;
    std::size_t line;
  };
  std::vector<Step> steps_;
  std::optional<double> last_;
};

}  // namespace pare::nn
