#include "experiments/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "experiments/messages.h"
#include "experiments/terminal.h"

namespace pare::experiments {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kEraseLine = "\r\033[K";
constexpr auto kRedraw = std::chrono::milliseconds(200);
constexpr std::chrono::seconds kFirstEstimate{5};  // before that it would jump about

}  // namespace

Progress::Progress(std::size_t threads) : threads_(threads) {
  if (!terminal_width(STDERR_FILENO)) return;
  drawer_ = std::jthread([this](const std::stop_token& stop) { draw_until_stopped(stop); });
}

Progress::~Progress() = default;

void Progress::expect(double epochs) {
  const std::lock_guard lock(mutex_);
  ++jobs_;
  if (epochs > 0) {
    work_.expect(WorkKind::epoch, epochs);
  } else {
    work_.expect(WorkKind::job, 1);
  }
}

void Progress::report(const std::string& text) const {
  if (!drawer_.joinable()) say(text + "\n");
}

std::string Progress::line(std::size_t width) {
  const std::lock_guard lock(mutex_);
  std::string text = fmt::format("{} of {} jobs", jobs_done_, jobs_);
  if (work_.done(WorkKind::epoch) < work_.expected(WorkKind::epoch)) {
    text += fmt::format(", {:.0f} of {:.0f} epochs", work_.done(WorkKind::epoch),
                        work_.expected(WorkKind::epoch));
  }
  const auto left = work_.seconds_left(threads_);
  if (left && Clock::now() - start_ >= kFirstEstimate) text += ", " + about(*left) + " left";
  for (const Job* job : running_) {
    text += fmt::format(" | {}", job->label_);
    if (job->epochs_ > 0) {
      text += fmt::format(", epoch {:.0f} of {:.0f}", job->epochs_done_, job->epochs_);
    }
  }
  return text.substr(0, width);
}

void Progress::draw_until_stopped(const std::stop_token& stop) {
  std::mutex waiting;
  std::unique_lock lock(waiting);
  while (!stopped_.wait_for(lock, stop, kRedraw, [] { return false; }) && !stop.stop_requested()) {
    say(fmt::format("{}{}", kEraseLine, line(terminal_width(STDERR_FILENO).value_or(80) - 1)));
  }
  say(kEraseLine);
}

Progress::Job::Job(Progress& progress, std::string label, double epochs)
    : progress_(progress), label_(std::move(label)), epochs_(epochs) {
  const std::lock_guard lock(progress_.mutex_);
  place_ = progress_.running_.insert(progress_.running_.end(), this);
}

Progress::Job::~Job() {
  const std::lock_guard lock(progress_.mutex_);
  progress_.running_.erase(place_);
  ++progress_.jobs_done_;
  if (epochs_ > 0) {
    // Training that ended early, or was not needed, says nothing of how long an epoch takes.
    progress_.work_.expect(WorkKind::epoch, epochs_done_ - epochs_);
    progress_.work_.finish(WorkKind::epoch, 0, epochs_done_ > 0 ? seconds_since_last() : 0);
  } else {
    progress_.work_.finish(WorkKind::job, 1, seconds_since_last());
  }
}

void Progress::Job::finish_epoch() {
  const std::lock_guard lock(progress_.mutex_);
  const bool expected = epochs_done_ < epochs_;
  if (expected) ++epochs_done_;
  if (epochs_ > 0) {
    progress_.work_.finish(WorkKind::epoch, expected ? 1 : 0, seconds_since_last());
  }
}

double Progress::Job::seconds_since_last() {
  const auto now = Clock::now();
  const std::chrono::duration<double> seconds = now - last_;
  last_ = now;
  return seconds.count();
}

}  // namespace pare::experiments
