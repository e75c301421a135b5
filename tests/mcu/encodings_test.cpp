#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "mcu/host_kernel.h"
#include "tests/helpers.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;

namespace {

/// What `action` throws, or nothing.
template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

bool can_store(const nn::Model& model, const mcu::Encoding& encoding) {
  return std::all_of(model.layers.begin(), model.layers.end(),
                     [&](const nn::Layer& layer) { return encoding.encode(layer, false); });
}

/// Checks the host's kernel against the reference with every layer stored in `encoding`, if that
/// can be. Says whether it could.
bool check_exact(const nn::Model& model, const mcu::Encoding& encoding, std::uint64_t seed) {
  if (!can_store(model, encoding)) return false;
  const nn::Int8Matrix inputs = tests::random_int8_inputs(4, nn::input_count(model), seed);
  const nn::Int8Matrix expected = nn::forward_int8(model, inputs);
  mcu::HostKernel kernel(mcu::encode(model, {mcu::Optimize::size}, {&encoding, 1}));
  for (nn::Index i = 0; i < inputs.rows(); ++i) {
    nn::Int8Matrix outputs(1, nn::output_count(model));
    kernel.infer(inputs.row(i).data(), outputs.data());
    REQUIRE(outputs == expected.row(i));
  }
  return true;
}

nn::Int8Layer layer_of(const nn::Int8Matrix& weights) {
  nn::Model model = tests::random_int8_model({weights.cols(), weights.rows()}, 11);
  auto layer = std::get<nn::Int8Layer>(model.layers[0]);
  layer.weights = weights;
  layer.activation = nn::Activation::identity;
  layer.weight_scales.setConstant(1e-3F);
  return layer;
}

std::string refusal(const nn::Model& model, std::string_view name) {
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name != name) continue;
    return message_of([&] { mcu::encode(model, {mcu::Optimize::size}, {&encoding, 1}); });
  }
  return "no such encoding";
}

}  // namespace

TEST_CASE("every int8 encoding gives the reference's bytes for any shape, zero point and zeros") {
  nn::Random random(5);
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name == "dense float32") continue;
    CAPTURE(encoding.name);
    int stored = 0;
    for (std::uint64_t seed = 0; seed < 180; ++seed) {
      CAPTURE(seed);
      std::vector<nn::Index> widths;
      for (std::uint32_t i = 0; i < 2 + random.below(3); ++i)
        widths.push_back(1 + random.below(50));
      stored += check_exact(tests::any_int8_model(widths, seed, seed), encoding, seed) ? 1 : 0;
    }
    CHECK(stored >= 5);
  }
}

TEST_CASE("every int8 encoding gives the reference's bytes for wide and for thin layers") {
  std::map<std::string_view, int> stored;
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    CAPTURE(encoding.name);
    std::uint64_t seed = 0;
    for (const auto& widths : {std::vector<nn::Index>{1, 1}, {1, 600, 1}, {9000, 2}, {784, 30}}) {
      for (std::uint64_t kind = 0; kind < 12; ++kind) {
        CAPTURE(++seed);
        nn::Model model = tests::any_int8_model(widths, seed, kind);
        if (message_of([&] { nn::check(model); }) != "") continue;  // too wide for its sums
        stored[encoding.name] += check_exact(model, encoding, seed) ? 1 : 0;
      }
    }
  }
  CHECK(stored["entropy-coded int8"] >= 10);
  CHECK(stored["8-bit deltas"] >= 20);
}

TEST_CASE("encodings of zeros are exact at every distance between two weights") {
  for (nn::Index distance = 1; distance < 1100; ++distance) {
    if (distance > 40 && distance % 51 > 2 && distance % 256 > 2) continue;
    CAPTURE(distance);
    nn::Int8Matrix weights = nn::Int8Matrix::Zero(2, 1200);
    weights(0, 3) = 127;
    weights(0, 3 + distance) = -127;
    weights(1, 1199) = 5;
    const nn::Model model{{layer_of(weights)}};
    for (const mcu::Encoding& encoding : mcu::encodings()) {
      if (encoding.name == "dense float32" || encoding.name.ends_with("codebook")) continue;
      CAPTURE(encoding.name);
      check_exact(model, encoding, 3);
    }
  }
}

TEST_CASE("an encoding that cannot store a layer is refused by name") {
  const nn::Model dense = tests::random_int8_model({40, 30}, 8);
  CHECK(refusal(dense, "1-bit") == "layer 0 cannot be stored as 1-bit");
  CHECK(refusal(dense, "4-bit") == "layer 0 cannot be stored as 4-bit");
  CHECK(refusal(dense, "4-bit codebook") == "layer 0 cannot be stored as 4-bit codebook");
  CHECK(refusal(dense, "n:16 int8") == "layer 0 cannot be stored as n:16 int8");
  CHECK(refusal(dense, "entropy-coded int8") == "layer 0 cannot be stored as entropy-coded int8");
  CHECK(refusal(dense, "dense float32") == "layer 0 cannot be stored as dense float32");
  nn::Int8Layer shifts_left = layer_of(nn::Int8Matrix::Identity(4, 4));
  shifts_left.weight_scales.setConstant(100);
  CHECK(refusal({{shifts_left}}, "sparse int8") == "layer 0 cannot be stored as sparse int8");
}

TEST_CASE("one value more than fit takes a wider codebook, a point off the grid takes a codebook") {
  nn::Int8Matrix weights(1, 5);
  weights << -8, -4, 0, 4, 4;
  CHECK(refusal({{layer_of(weights)}}, "2-bit") == "");  // -8 + 4 u
  CHECK(refusal({{layer_of(weights)}}, "2-bit codebook") == "");
  weights(0, 4) = 8;
  CHECK(refusal({{layer_of(weights)}}, "2-bit") == "layer 0 cannot be stored as 2-bit");
  CHECK(refusal({{layer_of(weights)}}, "2-bit codebook") ==
        "layer 0 cannot be stored as 2-bit codebook");
  CHECK(refusal({{layer_of(weights)}}, "3-bit codebook") == "");
  weights << 0, 1, 3, 100, 127;
  CHECK(refusal({{layer_of(weights)}}, "4-bit") == "layer 0 cannot be stored as 4-bit");
  CHECK(refusal({{layer_of(weights)}}, "4-bit codebook") == "");
}
