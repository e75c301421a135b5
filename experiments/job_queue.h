#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <queue>
#include <vector>

namespace pare::experiments {

/// Processors that this program may use.
std::size_t processor_count();

/// Jobs that threads take by their work, the most first: what takes long should not be left for the
/// end. A job may add others while it runs.
class JobQueue {
 public:
  /// `work` is how long this job and those that wait for it will take, in any unit.
  void add(double work, std::function<void()> job);

  /// Runs all jobs, and those that they add, on `threads` threads; returns when none is left. After
  /// an exception no further job starts; rethrows the first one.
  void run(std::size_t threads);

 private:
  struct Job {
    double work;
    std::size_t number;  ///< in the order of add(): equal work is done in that order
    std::function<void()> run;
    bool operator<(const Job& other) const {
      return work != other.work ? work < other.work : number > other.number;
    }
  };

  void take_jobs();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<Job> jobs_;
  std::size_t added_ = 0;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
};

}  // namespace pare::experiments
