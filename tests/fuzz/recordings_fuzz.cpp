#include <cstdlib>

#include "nn/recordings.h"
#include "nn/series.h"
#include "tests/fuzz/fuzz.h"

using namespace pare;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = tests::memory_file({reinterpret_cast<const char*>(data), size});
  std::vector<std::string> notes;
  tests::expect_words([&] {
    nn::RecordingOptions options{.files = {path.string()}};
    options.window = 3;
    options.stride = 2;
    const nn::Dataset data = nn::load_recordings(options, notes);
    if (!data.inputs.allFinite()) abort();
  });
  tests::expect_words([&] { nn::load_series({.file = path.string(), .window = 2}, notes); });
  return 0;
}
