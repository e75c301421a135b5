#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "experiments/work_estimate.h"

namespace pare::experiments {

/// One line on stderr that says what long work is doing, how far it is and how long it still takes,
/// only where stderr is a terminal. Any thread may use it; the line goes away at the end.
class Progress {
 public:
  explicit Progress(std::size_t threads);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A job is to come, with that much training in it.
  void expect(double epochs);

  /// One of the expected jobs, from its start to its end.
  class Job {
   public:
    /// `epochs` are those that were expected of it.
    Job(Progress& progress, std::string label, double epochs = 0);
    ~Job();
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    /// One more epoch of training is done.
    void finish_epoch();

   private:
    friend class Progress;
    double seconds_since_last();

    Progress& progress_;
    std::string label_;
    double epochs_;
    double epochs_done_ = 0;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    std::list<const Job*>::iterator place_;
  };

  /// Writes a line to stderr, unless that is a terminal, where the line of progress is.
  void report(const std::string& text) const;

  /// The line as it stands, cut to `width` columns.
  std::string line(std::size_t width);

 private:
  void draw_until_stopped(const std::stop_token& stop);

  std::size_t threads_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  WorkEstimate work_;
  std::size_t jobs_ = 0;
  std::size_t jobs_done_ = 0;
  std::list<const Job*> running_;
  std::condition_variable_any stopped_;
  std::jthread drawer_;  ///< the last member: it uses the others
};

}  // namespace pare::experiments
