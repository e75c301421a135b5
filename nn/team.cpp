#include "nn/team.h"

namespace pare::nn {
namespace {

/// Looks for a while whether `value` is no longer `old`: what the others do takes less time than
/// falling asleep and waking. Without giving the processor away, which on a busy machine is for a
/// time slice of the scheduler.
bool changes_soon(const std::atomic<int>& value, int old) {
  constexpr int kAttempts = 2000;
  for (int i = 0; i < kAttempts; ++i) {
    if (value.load(std::memory_order_acquire) != old) return true;
    __builtin_ia32_pause();
  }
  return false;
}

}  // namespace

Team::Team(int threads) : count_(threads) {
  for (Index index = 1; index < count_; ++index) {
    threads_.emplace_back([this, index] { serve(index); });
  }
}

Team::~Team() {
  call_ = nullptr;
  change(round_, 1);
}

void Team::await_change(const std::atomic<int>& value, int old) {
  if (changes_soon(value, old)) return;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return value.load(std::memory_order_acquire) != old; });
}

void Team::change(std::atomic<int>& value, int by) {
  {
    const std::lock_guard lock(mutex_);
    value.fetch_add(by, std::memory_order_acq_rel);
  }
  changed_.notify_all();
}

void Team::serve(Index index) {
  for (int round = 0;; ++round) {
    await_change(round_, round);
    if (call_ == nullptr) return;
    call_(object_, {index, count_});
    change(working_, -1);
  }
}

void Team::run(Call call, const void* object) {
  call_ = call;
  object_ = object;
  working_ = static_cast<int>(count_ - 1);
  if (count_ > 1) change(round_, 1);
  call(object, {0, count_});
  for (int left = working_; left != 0; left = working_) await_change(working_, left);
}

}  // namespace pare::nn
