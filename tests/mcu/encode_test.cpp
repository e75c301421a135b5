#include "mcu/encode.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "nn/activation.h"
#include "tests/helpers.h"
#include "tests/mcu/random_int8.h"

using namespace pare;
using mcu::EncodedModel;

namespace {

const mcu::EncodedArray& array(const EncodedModel& model, std::string_view name) {
  const auto found = std::find_if(model.arrays.begin(), model.arrays.end(),
                                  [&](const mcu::EncodedArray& a) { return a.name == name; });
  REQUIRE(found != model.arrays.end());
  return *found;
}

template <class T>
T value_at(const EncodedModel& model, std::string_view name, std::size_t index) {
  T value;
  std::memcpy(&value, model.bytes.data() + array(model, name).offset + index * sizeof(T),
              sizeof(T));
  return value;
}

nn::Int8Layer int8_layer() {
  nn::Int8Layer layer{nn::Int8Matrix(2, 3), nn::Int32Vector(2), nn::Vector(1), {0.5F, -7}, {1, 9},
                      nn::Activation::relu};
  layer.weights << 1, -2, 3, 4, 5, -6;
  layer.bias << 100, -200;
  layer.weight_scales << 0.5F;
  return layer;
}

}  // namespace

TEST_CASE("a float model is encoded in its 4 bytes a parameter") {
  const EncodedModel encoded = mcu::encode(tests::random_model({1, 16, 16, 1}, 1));
  CHECK(encoded.bytes.size() == 1284);
  CHECK(encoded.arena.size == 32);
  CHECK(mcu::value_bytes(encoded) == 4);
  for (const mcu::EncodedLayer& layer : encoded.layers) CHECK(layer.encoding == "dense float32");
}

TEST_CASE("a dense int8 layer is encoded as computed by hand") {
  const EncodedModel encoded = mcu::encode(nn::Model{{int8_layer()}});
  const mcu::EncodedLayer& layer = encoded.layers[0];
  CHECK(layer.encoding == "dense int8");
  CHECK(layer.code.constants == "0, 118, 9, false, 3, 2");  // ReLU, zero point 9: from 0 to 127 - 9
  CHECK(encoded.bytes.size() == 6 + 2 * 4 + 2 * 4 + 2);
  CHECK(value_at<std::int8_t>(encoded, "layer0_weights", 5) == -6);
  CHECK(value_at<std::int32_t>(encoded, "layer0_bias", 0) == 100);
  CHECK(value_at<std::int32_t>(encoded, "layer0_bias", 1) == -200);
  CHECK(value_at<std::int32_t>(encoded, "layer0_multipliers", 1) ==
        1 << 30);  // 1/4 = 2^30 2^(-1 - 31)
  CHECK(value_at<std::int8_t>(encoded, "layer0_shifts", 1) == -1);
  CHECK(encoded.arena.size == 4);  // the widened inputs, to a multiple of four bytes
}

TEST_CASE("an int8 layer with a table is encoded with its 256 bytes") {
  nn::Int8Layer first = int8_layer();
  first.activation = nn::Activation::sigmoid;
  first.output = *nn::table_output(first.activation);
  first.pre_activation = {0.1F, -11};
  const EncodedModel encoded = mcu::encode(nn::Model{{first}});
  const mcu::EncodedLayer& layer = encoded.layers[0];
  CHECK(encoded.bytes.size() == 24 + 256);
  CHECK(layer.requantized_zero_point == -11);
  CHECK(layer.output.zero_point == -128);
  REQUIRE(layer.table);
  CHECK(encoded.arrays[*layer.table].count == 256);
  CHECK(value_at<std::int8_t>(encoded, "layer0_table", 128 - 11) == 0);  // sigmoid(0) is a half
  CHECK_FALSE(mcu::encode(nn::Model{{int8_layer()}}).layers[0].table);
}

TEST_CASE("the arrays follow each other without a gap, each aligned to its elements") {
  const nn::Int8Layer first = int8_layer();
  nn::Int8Layer second{nn::Int8Matrix::Ones(1, 2),
                       nn::Int32Vector::Zero(1),
                       nn::Vector::Ones(1),
                       first.output,
                       {300, 0},
                       {}};
  const EncodedModel encoded = mcu::encode(nn::Model{{first, second}});
  std::vector<mcu::EncodedArray> arrays = encoded.arrays;
  std::sort(arrays.begin(), arrays.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::size_t end = 0;
  for (const mcu::EncodedArray& array : arrays) {
    const std::size_t size = array.type == mcu::ElementType::int8 ? 1 : 4;
    CHECK(array.offset == end);
    CHECK(array.offset % size == 0);
    end += array.count * size;
  }
  CHECK(end == encoded.bytes.size());
}

TEST_CASE("the arena of a float model holds any two neighbouring hidden layers") {
  const auto size = [](const std::vector<nn::Index>& widths) {
    return mcu::plan_arena(tests::random_model(widths, 1)).size;
  };
  CHECK(size({3, 2}) == 0);
  CHECK(size({3, 5, 2}) == 5);
  CHECK(size({784, 300, 100, 10}) == 400);
  CHECK(size({1, 2, 9, 4, 8, 1}) == 13);
}

TEST_CASE("the arena of an int8 model holds the widened inputs too, four bytes aligned") {
  const auto arena = [](const std::vector<nn::Index>& widths) {
    return mcu::plan_arena(tests::random_int8_model(widths, 1));
  };
  CHECK(arena({1, 16, 16, 1}).size == 32);
  CHECK(arena({1, 16, 16, 1}).inputs == std::vector<nn::Index>{0, 16, 0});
  CHECK(arena({784, 300, 100, 10}).size == 1084);
  CHECK(arena({784, 300, 100, 10}).inputs == std::vector<nn::Index>{0, 784, 0});
  CHECK(arena({3, 5, 2}).size == 10);
  CHECK(arena({3, 5, 2}).inputs == std::vector<nn::Index>{0, 4});
}

TEST_CASE("the hash tells apart models that differ in nothing but how often they round") {
  // Stored as it is, so that the bytes are the same; on a grid of 15 values, with 4 bits.
  nn::Model twice = tests::random_int8_model({9, 7}, 3);
  auto& layer = std::get<nn::Int8Layer>(twice.layers[0]);
  layer.weights = layer.weights.unaryExpr([](std::int8_t w) { return std::int8_t(w / 19); });
  layer.requantizing = nn::Requantizing::double_rounding;
  nn::Model once = twice;
  std::get<nn::Int8Layer>(once.layers[0]).requantizing = nn::Requantizing::single_rounding;
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name != "bitmask int8") continue;
    const mcu::EncodedModel a = mcu::encode(twice, {mcu::Optimize::size}, {&encoding, 1});
    const mcu::EncodedModel b = mcu::encode(once, {mcu::Optimize::size}, {&encoding, 1});
    CHECK(a.bytes == b.bytes);
    CHECK(mcu::hash(a) != mcu::hash(b));
    return;
  }
  FAIL("no bitmask");
}

TEST_CASE("the hash changes with any byte") {
  EncodedModel encoded = mcu::encode(nn::Model{{int8_layer()}});
  const std::uint32_t before = mcu::hash(encoded);
  for (std::uint8_t& byte : encoded.bytes) {
    byte ^= 1;
    CHECK(mcu::hash(encoded) != before);
    byte ^= 1;
  }
  CHECK(mcu::hash(encoded) == before);
}

TEST_CASE("encode refuses a model that fails the check, and a layer too wide for the kernel") {
  nn::Int8Layer broken = int8_layer();
  broken.bias[0] = 1 << 30;
  CHECK_THROWS_WITH(mcu::encode(nn::Model{{broken}}),
                    "layer 0: output 0 could overflow its 32-bit accumulator");
  CHECK_THROWS_WITH(mcu::encode(tests::random_model({70000, 1}, 1)), "layer 0 is wider than 65535");
}
