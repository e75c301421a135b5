#include "experiments/job_queue.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace pare::experiments {

std::size_t processor_count() { return std::max(1U, std::thread::hardware_concurrency()); }

void JobQueue::add(double work, std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push({work, added_++, std::move(job)});
  changed_.notify_one();
}

void JobQueue::run(std::size_t threads) {
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back([this] { take_jobs(); });
  workers.clear();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void JobQueue::take_jobs() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return failure_ || !jobs_.empty() || running_ == 0; });
    if (failure_ || jobs_.empty()) break;
    std::function<void()> job = jobs_.top().run;
    jobs_.pop();
    ++running_;
    lock.unlock();
    try {
      job();
      job = nullptr;  // what it holds goes before another job starts
      lock.lock();
    } catch (...) {
      lock.lock();
      if (!failure_) failure_ = std::current_exception();
    }
    --running_;
    if (running_ == 0 || failure_) changed_.notify_all();
  }
}

}  // namespace pare::experiments
