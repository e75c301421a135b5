#include "bench/peers.h"

#include <doctest/doctest.h>

#include "bench/kernels.h"
#include "bench/peers/onnx_runtime.h"
#include "bench/peers/onnx_writer.h"
#include "build_paths.h"
#include "nn/forward.h"
#include "nn/mlp.h"
#include "tests/helpers.h"

using namespace pare;

#if defined(__SANITIZE_ADDRESS__)
/// ONNX Runtime keeps a few bytes for ever.
extern "C" const char* __lsan_default_suppressions() { return "leak:libonnxruntime"; }
#endif

TEST_CASE("a comparison is the median of the rounds' ratios, with the lowest and the highest") {
  const bench::PeerRow row =
      bench::summarize_rounds("work", "peer", {1e-6, 4e-6, 3e-6}, {2e-6, 2e-6, 3e-6});
  CHECK(row.work == "work");
  CHECK(row.peer == "peer");
  CHECK(row.ours_us == doctest::Approx(3));
  CHECK(row.peer_us == doctest::Approx(2));
  CHECK(row.ratio == doctest::Approx(1));
  CHECK(row.lowest_ratio == doctest::Approx(0.5));
  CHECK(row.highest_ratio == doctest::Approx(2));
}

TEST_CASE("the table of the peers has times in microseconds and ratios") {
  const std::vector<bench::PeerRow> rows{
      {"an epoch", "PyTorch", 412345.6, 900000, 0.4581, 0.45, 0.5},
      {"an inference", "ONNX Runtime", 0.05049, 7.7, 0.00656, 0.006, 0.007}};
  CHECK(bench::format_table(bench::peer_table(rows), bench::Format::csv, bench::kNoLimit) ==
        "work,ours us,peer,peer us,ours / peer,lowest,highest\n"
        "an epoch,412346,PyTorch,900000,0.458,0.450,0.500\n"
        "an inference,0.050,ONNX Runtime,7.700,0.007,0.006,0.007\n");
}

TEST_CASE(
    "an ONNX file has its version, its graph and its opset, as Protocol Buffers encode them") {
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{1, 2}}, nn::Vector{{3}}, {}}}};
  const std::string bytes = bench::onnx_bytes(model);
  CHECK(bytes.starts_with(std::string("\x08\x08\x3a", 3)));    // ir_version = 8, graph = {...
  CHECK(bytes.ends_with(std::string("\x42\x02\x10\x0d", 4)));  // opset_import = {version = 13}
  // initializer = {dims = 1, dims = 2, data_type = FLOAT, name = "c1", raw_data = 1.0F, 2.0F}
  const std::string weights(
      "\x2a\x14\x08\x01\x08\x02\x10\x01\x42\x02"
      "c1"
      "\x4a\x08\x00\x00\x80\x3f\x00\x00\x00\x40",
      22);
  CHECK(bytes.find(weights) != std::string::npos);
  CHECK_THROWS_WITH_AS(
      bench::onnx_bytes({{nn::DenseLayer{nn::Matrix{{1}}, nn::Vector{{0}}, nn::Activation::tanh}}}),
      "[onnx_bytes] only ReLU or no activation can be written", std::invalid_argument);
}

TEST_CASE("ONNX Runtime is looked for where npm puts it") {
  const tests::Folder folder;
  CHECK_FALSE(bench::find_onnx_runtime(folder.path()));
  const auto library =
      folder.path() / "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1";
  std::filesystem::create_directories(library.parent_path());
  std::ofstream(library) << "no library";
  REQUIRE(bench::find_onnx_runtime(folder.path()) == library);
  CHECK_THROWS_WITH_AS(bench::OnnxRuntime{library}, doctest::Contains("cannot be loaded"),
                       std::runtime_error);
}

TEST_CASE("ONNX Runtime computes what an ONNX file of ours says") {
  const auto library = bench::find_onnx_runtime(PARE_SOURCE_DIR "/build/peers");
  if (!library) {
    MESSAGE("skipped: there is no ONNX Runtime in build/peers");
    return;
  }
  const bench::OnnxRuntime runtime(*library);
  CHECK(runtime.version().find('.') != std::string::npos);
  for (const std::vector<nn::Index>& widths :
       std::vector<std::vector<nn::Index>>{{1, 16, 16, 1}, {9, 5, 3}}) {
    const nn::Matrix inputs = tests::random_matrix(7, widths.front(), 3);
    const auto difference = [&](const nn::Model& model) {
      bench::OnnxRuntime::Session session(runtime, model, inputs.rows());
      session.inputs() = inputs;
      session.run();
      return (session.outputs() - nn::forward(model, inputs)).cwiseAbs().maxCoeff();
    };
    CHECK(difference(nn::make_mlp(widths, nn::Activation::relu, 1)) < 1.2e-7F);
    const nn::Model int8 = bench::random_int8_model(widths);
    CHECK(difference(int8) <= 1.01F * nn::output_quantization(int8).scale);
  }
}
