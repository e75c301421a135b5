#include "nn/team.h"

namespace pare::nn {
namespace {

/// Waits until `value` is no longer `old`: awake for a while, since waking takes longer than most
/// waits, but letting others have the processor.
void await_change(const std::atomic<int>& value, int old) {
  constexpr int kAttempts = 200;
  for (int i = 0; i < kAttempts; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    std::this_thread::yield();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(int threads) : count_(threads) {
  for (Index index = 1; index < count_; ++index) {
    threads_.emplace_back([this, index] { serve(index); });
  }
}

Team::~Team() {
  call_ = nullptr;
  ++round_;
  round_.notify_all();
}

void Team::serve(Index index) {
  for (int round = 0;; ++round) {
    await_change(round_, round);
    if (call_ == nullptr) return;
    call_(object_, {index, count_});
    if (--working_ == 0) working_.notify_one();
  }
}

void Team::run(Call call, const void* object) {
  call_ = call;
  object_ = object;
  working_ = static_cast<int>(count_ - 1);
  if (count_ > 1) {
    ++round_;
    round_.notify_all();
  }
  call(object, {0, count_});
  for (int left = working_; left != 0; left = working_) await_change(working_, left);
}

}  // namespace pare::nn
