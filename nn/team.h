#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// One thread's share of some work.
struct Part {
  Index index;  ///< from 0
  Index count;  ///< of parts

  /// This part's [begin, end) of [0, size): all parts together are the whole, and all but the last
  /// are multiples of `grain`.
  std::pair<Index, Index> of(Index size, Index grain = 1) const {
    const Index grains = (size + grain - 1) / grain;
    const auto edge = [&](Index i) { return std::min(size, grains * i / count * grain); };
    return {edge(index), edge(index + 1)};
  }
};

/// Threads that work in step: what training does in parallel takes less than a millisecond, so they
/// stay between two pieces of work, and nothing is allocated for one.
class Team {
 public:
  /// `threads` in all, the caller's own among them; >= 1.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Calls work(Part) for every part at once, one part a thread, and waits for all of them. `work`
  /// must not throw.
  template <class Work>
  void run(const Work& work) {
    run([](const void* object, Part part) { (*static_cast<const Work*>(object))(part); }, &work);
  }

 private:
  using Call = void (*)(const void* object, Part part);

  void run(Call call, const void* object);
  void serve(Index index);

  /// Waits until `value` is no longer `old`: awake for a moment, then asleep.
  void await_change(const std::atomic<int>& value, int old);
  /// Adds `by` and wakes who sleeps.
  void change(std::atomic<int>& value, int by);

  Index count_;
  Call call_ = nullptr;
  const void* object_ = nullptr;
  std::atomic<int> round_ = 0;    // one more for every piece of work
  std::atomic<int> working_ = 0;  // threads besides the caller's that are not done with it
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::jthread> threads_;
};

}  // namespace pare::nn
