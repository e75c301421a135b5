// TFLite Micro's own int8 sine model, from its file to every board.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "bench/choose_encodings.h"
#include "bench/kernels.h"
#include "bench/measure.h"
#include "build_paths.h"
#include "mcu/export_sketch.h"
#include "nn/formats/format.h"
#include "nn/forward.h"
#include "nn/json_text.h"
#include "nn/quantization.h"
#include "tests/helpers.h"
#include "tests/mcu/emulated_boards.h"

using namespace pare;

TEST_CASE("every board gives TFLite Micro's 1,000 bytes for the model in its file" *
          doctest::test_suite("slow")) {
  const std::filesystem::path data = std::filesystem::path(PARE_SOURCE_DIR) / "tests/data";
  const nn::Model model = nn::read_model(data / "hello_world_int8.tflite").model;
  const auto golden = nn::parse_json(tests::read_file(data / "hello_world_int8_golden.json"));
  const auto raw = golden.at("q_in").get<std::vector<std::int8_t>>();
  const auto expected = golden.at("q_out").get<std::vector<std::int8_t>>();
  const nn::Matrix inputs = nn::dequantize(
      Eigen::Map<const nn::Int8Matrix>(raw.data(), 1000, 1).eval(), nn::input_quantization(model));
  const mcu::Artefact artefact = mcu::make_artefact(
      "hello_world", model, bench::choose_encodings(model, {mcu::Optimize::speed}));
  const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, 1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    REQUIRE(static_cast<std::int8_t>(vectors.outputs[i][0]) == expected[i]);
  }
  for (const mcu::Board* board : tests::emulated_boards()) {
    CAPTURE(board->name);
    const tests::Folder folder;
    bench::BoardRow figures;
    CHECK(bench::validate_board(artefact, *board, inputs, folder.path() / "image", figures));
    CHECK(figures.bit_exact == 1000);
    CHECK(figures.vectors == 1000);
  }
}

TEST_CASE("a model of MLPerf Tiny's anomaly detector keeps its speed through a TFLite file" *
          doctest::test_suite("slow")) {
  const tests::Folder folder;
  const nn::Model made = bench::one_scale_a_layer(
      bench::random_int8_model({640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640}, 0));
  const auto file = folder.path() / "ad.tflite";
  CHECK(nn::write_model(made, file).empty());
  const nn::Model model = nn::read_model(file).model;
  const nn::Matrix inputs = tests::random_matrix(20, 640, 3);
  CHECK(nn::forward_int8(model, nn::quantize(inputs, nn::input_quantization(model))) ==
        nn::forward_int8(made, nn::quantize(inputs, nn::input_quantization(made))));
  const mcu::Artefact artefact =
      mcu::make_artefact("ad", model, bench::choose_encodings(model, {mcu::Optimize::speed}));
  bench::BoardRow figures;
  CHECK(bench::measure_board(artefact, mcu::nano33ble(), inputs, folder.path() / "image", figures,
                             "-O3"));
  CHECK(figures.instructions.value_or(1e9) <= 262'000);
  CHECK(figures.bit_exact == 20);
}
