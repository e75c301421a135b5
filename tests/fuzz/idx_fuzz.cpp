#include <algorithm>

#include "nn/idx.h"
#include "tests/fuzz/fuzz.h"

using namespace pare;

/// The first byte says how many bytes after it are the labels' file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], bytes.size());
  tests::expect_words([&] {
    nn::load_idx(tests::memory_file(bytes.substr(cut), 0),
                 tests::memory_file(bytes.substr(0, cut), 1));
  });
  return 0;
}
