#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"
#include "mcu/export_sketch.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/helpers.h"
#include "tests/mcu/dense_encodings.h"
#include "tests/mcu/emulated_boards.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;

namespace {

using Outputs = std::vector<std::vector<std::uint8_t>>;

/// What an emulated board gives for every input, after its self-test.
Outputs outputs_on(const mcu::Board& board, const mcu::Artefact& artefact,
                   const mcu::TestVectors& vectors, const std::string& optimization = "-Os") {
  const mcu::TemporaryFolder folder;
  mcu::export_sketch(artefact, vectors, folder.path() / "sketch");
  mcu::EmulatedBoard running(
      mcu::build_image(folder.path() / "sketch", folder.path() / "build", optimization, {}, board));
  const mcu::SelfTest selftest = running.client().selftest();
  CHECK(selftest.passed == selftest.total);
  CHECK(running.client().info().hash == artefact.hash);
  Outputs outputs;
  for (const auto& input : vectors.inputs) outputs.push_back(running.client().infer(input));
  return outputs;
}

const std::vector<const mcu::Board*>& boards() {
  static const std::vector<const mcu::Board*> kBoards = tests::emulated_boards();
  return kBoards;
}

}  // namespace

TEST_CASE("every board gives the reference's bytes for any shape, zero point and scale" *
          doctest::test_suite("slow")) {
  // Every remainder of four inputs and of four outputs, inner loops with a remainder and without.
  const std::vector<std::vector<nn::Index>> shapes{
      {1, 16, 16, 1},      {1, 1},       {3, 2},          {4, 4, 4}, {5, 7, 3},
      {17, 6, 13, 9, 2},   {64, 33, 10}, {12, 5, 20, 11}, {11, 8},   {70, 42, 71, 69, 68, 40},
      {30, 100, 23, 90, 7}};
  std::uint64_t seed = 100;
  std::map<std::string, int> seen;
  for (const auto& widths : shapes) {
    CAPTURE(widths.size());
    CAPTURE(widths.front());
    ++seed;
    const nn::Model model = tests::random_int8_model(widths, seed, seed % 2 == 1);
    for (const auto& layer : tests::encode_dense(model).layers) ++seen[layer.encoding];
    // Real inputs over the whole range of the input quantization, and beyond.
    const nn::Matrix inputs = tests::random_matrix(40, widths.front(), seed) * 30;
    const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, 40);
    const mcu::Artefact artefact = mcu::make_artefact("test", model, tests::encode_dense(model));
    for (const mcu::Board* board : boards()) {
      CAPTURE(board->name);
      CHECK(outputs_on(*board, artefact, vectors, seed % 3 == 0 ? "-O3" : "-Os") ==
            vectors.outputs);
    }
  }
  CHECK(seen["paired int8"] > 10);
  CHECK(seen["dense int8"] > 3);
}

TEST_CASE("every board gives the reference's bytes in every int8 encoding" *
          doctest::test_suite("slow")) {
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name.starts_with("dense")) continue;  // for what no other can store
    CAPTURE(encoding.name);
    int stored = 0;
    for (std::uint64_t kind = 0; kind < 36 && stored < 2; ++kind) {
      CAPTURE(kind);
      const std::vector<nn::Index> widths =
          kind % 2 == 0 ? std::vector<nn::Index>{37, 41, 13, 6} : std::vector<nn::Index>{64, 9, 1};
      const nn::Model model = tests::any_int8_model(widths, 400 + kind, kind);
      const auto can = [&](const nn::Layer& layer) { return encoding.encode(layer, false); };
      if (!std::all_of(model.layers.begin(), model.layers.end(), can)) continue;
      const nn::Matrix inputs = tests::random_matrix(12, widths.front(), kind) * 30;
      const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, 12);
      const mcu::Artefact artefact = mcu::make_artefact(
          "test", model, mcu::encode(model, {mcu::Optimize::size}, {&encoding, 1}));
      // portable_kernel_test.cpp has the others under -O3.
      for (const mcu::Board* board : boards()) {
        CAPTURE(board->name);
        if (stored > 0 && board != boards().front()) continue;
        CHECK(outputs_on(*board, artefact, vectors, stored == 0 ? "-Os" : "-O3") ==
              vectors.outputs);
      }
      ++stored;
    }
    CHECK(stored == 2);
  }
}

TEST_CASE("every board gives the reference's bytes for a layer of several thousand inputs" *
          doctest::test_suite("slow")) {
  for (const nn::Index inputs : {2049, 2054, 33000}) {
    nn::Model model = tests::random_int8_model({inputs, 5}, 7);
    auto& layer = std::get<nn::Int8Layer>(model.layers[0]);
    for (std::int8_t& weight : layer.weights.reshaped()) {
      weight = static_cast<std::int8_t>(weight / (inputs / 500));
    }
    layer.activation = nn::Activation::identity;
    const mcu::TestVectors vectors =
        mcu::make_test_vectors(model, tests::random_matrix(3, inputs, 8) * 30, 3);
    CHECK(tests::encode_dense(model).layers[0].encoding == "paired int8");
    const mcu::Artefact artefact = mcu::make_artefact("test", model, tests::encode_dense(model));
    for (const mcu::Board* board : boards()) {
      CAPTURE(board->name);
      CHECK(outputs_on(*board, artefact, vectors) == vectors.outputs);
    }
  }
}

TEST_CASE("weights that are copied to RAM give the same bytes, and are not read from flash" *
          doctest::test_suite("slow")) {
  const nn::Model model = tests::random_int8_model({12, 16, 3}, 5);
  const mcu::Artefact artefact = mcu::make_artefact("test", model, mcu::encode(model));
  const std::size_t bytes = artefact.encoded.bytes.size();
  const mcu::TestVectors vectors =
      mcu::make_test_vectors(model, tests::random_matrix(8, 12, 6) * 30, 8);
  std::size_t ram_bytes = 0;
  std::size_t flash_words = 0;
  for (const mcu::Memory weights : {mcu::Memory::flash, mcu::Memory::ram}) {
    const mcu::TemporaryFolder folder;
    mcu::export_sketch(artefact, vectors, folder.path() / "sketch", weights);
    const mcu::Image image = mcu::build_image(folder.path() / "sketch", folder.path() / "build");
    mcu::EmulatedBoard board(image, {.timing_plugin = PARE_TIMING_PLUGIN});
    CHECK(board.client().info().hash == artefact.hash);
    CHECK(board.client().infer(vectors.inputs[0]) == vectors.outputs[0]);
    const std::size_t words = board.stop().front().flash_data_words;
    const auto ram = static_cast<std::size_t>(image.ram_bytes);
    if (weights == mcu::Memory::flash) {
      ram_bytes = ram;
      flash_words = words;
    } else {
      CHECK(ram >= ram_bytes + bytes);
      CHECK(ram < ram_bytes + bytes + 4);
      CHECK(words + bytes / 4 <= flash_words);
    }
  }
}

TEST_CASE("every board's float outputs are within rounding of the reference" *
          doctest::test_suite("slow")) {
  for (const auto function : nn::activation_functions()) {
    const nn::Activation hidden{function, function().info.alpha.value_or(0)};
    CAPTURE(nn::name(hidden));
    const nn::Model model = nn::make_mlp({5, 9, 3}, hidden, 2);
    const mcu::TestVectors vectors =
        mcu::make_test_vectors(model, tests::random_matrix(20, 5, 3), 20);
    for (const mcu::Board* board : boards()) {
      CAPTURE(board->name);
      const Outputs outputs = outputs_on(
          *board, mcu::make_artefact("test", model, tests::encode_dense(model)), vectors);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        for (std::size_t k = 0; k < outputs[i].size(); k += sizeof(float)) {
          float got = 0;
          float expected = 0;
          std::memcpy(&got, outputs[i].data() + k, sizeof(float));
          std::memcpy(&expected, vectors.outputs[i].data() + k, sizeof(float));
          CHECK(std::abs(got - expected) < 2.5e-7F);
        }
      }
    }
  }
}
