#pragma once

#include <mutex>
#include <string_view>

namespace pare::experiments {

/// One line on stderr that says what long work is doing, only where stderr is a terminal. Any
/// thread may call it; the line goes away at the end.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void say(std::string_view what);

 private:
  bool terminal_;
  std::mutex mutex_;
};

}  // namespace pare::experiments
