#include "experiments/messages.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

namespace pare::experiments {

void reserve_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest free number is this stream's. What is open for reading alone cannot be written.
    [[maybe_unused]] const int opened =
        open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

bool stdout_is_whole() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

std::string explain(const std::exception& error) {
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    return fmt::format("{}: {}; is there space, and may you read and write there?",
                       file->path1().string(), file->code().message());
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return "there is not enough memory; use fewer samples, a smaller model or fewer seeds at a "
           "time";
  }
  if (dynamic_cast<const nlohmann::json::exception*>(&error) != nullptr) {
    return fmt::format(
        "a JSON file is not what pare writes ({}); './pare run CONFIG' writes it anew",
        error.what());
  }
  return error.what();
}

}  // namespace pare::experiments
