#include "tests/fuzz/fuzz.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "nn/formats/format.h"

namespace pare::tests {

std::filesystem::path memory_file(std::string_view bytes, int index) {
  static std::array<int, 2> files{memfd_create("fuzz", 0), memfd_create("fuzz", 0)};
  const int file = files.at(static_cast<std::size_t>(index));
  const auto size = static_cast<off_t>(bytes.size());
  if (ftruncate(file, size) != 0 || pwrite(file, bytes.data(), bytes.size(), 0) != size) abort();
  return fmt::format("/proc/self/fd/{}", file);
}

void fuzz_model(std::string_view name, const std::uint8_t* data, std::size_t size) {
  const auto formats = nn::model_formats();
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [&](const nn::ModelFormat* one) { return one->name == name; });
  const nn::ModelFormat& format = **found;
  std::string written;
  expect_words([&] {
    std::vector<std::string> losses;
    nn::Model model =
        format.read(memory_file({reinterpret_cast<const char*>(data), size}), {}).model;
    nn::check(model);
    written = format.write(model, losses);
  });
  if (written.empty()) return;
  std::vector<std::string> losses;
  if (format.write(format.read(memory_file(written), {}).model, losses) != written) abort();
}

}  // namespace pare::tests
