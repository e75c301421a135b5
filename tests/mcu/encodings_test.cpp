#include <doctest/doctest.h>

#include "mcu/host_kernel.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;

namespace {

/// Checks the host's kernel against the reference with every layer stored in `encoding`.
void check_exact(const nn::Model& model, const mcu::Encoding& encoding, std::uint64_t seed) {
  const nn::Int8Matrix inputs = tests::random_int8_inputs(4, nn::input_count(model), seed);
  const nn::Int8Matrix expected = nn::forward_int8(model, inputs);
  mcu::HostKernel kernel(mcu::encode(model, mcu::Optimize::size, {&encoding, 1}));
  for (nn::Index i = 0; i < inputs.rows(); ++i) {
    nn::Int8Matrix outputs(1, nn::output_count(model));
    kernel.infer(inputs.row(i).data(), outputs.data());
    REQUIRE(outputs == expected.row(i));
  }
}

bool can_store(const nn::Model& model, const mcu::Encoding& encoding) {
  return std::all_of(model.layers.begin(), model.layers.end(),
                     [&](const nn::Layer& layer) { return encoding.encode(layer, false); });
}

}  // namespace

TEST_CASE("every encoding gives the reference's bytes for any shape, zero point and sparsity") {
  nn::Random random(5);
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    CAPTURE(encoding.name);
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
      CAPTURE(seed);
      std::vector<nn::Index> widths;
      for (std::uint32_t i = 0; i < 2 + random.below(3); ++i)
        widths.push_back(1 + random.below(50));
      const double sparsity = std::vector{0.0, 0.5, 0.8, 0.95, 1.0}[seed % 5];
      const nn::Model model = tests::sparse_int8_model(widths, seed, sparsity);
      if (can_store(model, encoding)) check_exact(model, encoding, seed);
    }
  }
}

TEST_CASE("every encoding gives the reference's bytes for wide and for thin layers") {
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    CAPTURE(encoding.name);
    std::uint64_t seed = 0;
    for (const auto& widths : {std::vector<nn::Index>{1, 1}, {1, 600, 1}, {9000, 2}, {784, 30}}) {
      for (const double sparsity : {0.3, 0.9, 0.995, 1.0}) {
        CAPTURE(++seed);
        const nn::Model model = tests::sparse_int8_model(widths, seed, sparsity);
        if (can_store(model, encoding)) check_exact(model, encoding, seed);
      }
    }
  }
}
