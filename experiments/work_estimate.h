#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace pare::experiments {

/// Epochs of training, and jobs that are something else: each has a speed of its own.
enum class WorkKind : std::uint8_t { epoch, job };

/// How long work will still take, from what the part of it that is done has taken.
class WorkEstimate {
 public:
  /// There are `units` more to do, or fewer if that is negative.
  void expect(WorkKind kind, double units);

  /// `units` of them are done, and took one thread `seconds`. Units beyond those that were expected
  /// do not count, their time does.
  void finish(WorkKind kind, double units, double seconds);

  double done(WorkKind kind) const { return part(kind).done; }
  double expected(WorkKind kind) const { return part(kind).expected; }

  /// What is left, shared by `threads`; nothing while there is a kind to do of which none is done.
  std::optional<double> seconds_left(std::size_t threads) const;

 private:
  struct Part {
    double expected = 0;
    double done = 0;
    double seconds = 0;
  };
  const Part& part(WorkKind kind) const { return parts_[static_cast<std::size_t>(kind)]; }
  Part& part(WorkKind kind) { return parts_[static_cast<std::size_t>(kind)]; }

  std::array<Part, 2> parts_;
};

/// "about 40 s", "about 3 min", "about 2 h 10 min": no more exact than an estimate is.
std::string about(double seconds);

}  // namespace pare::experiments
