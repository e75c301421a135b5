// A model that PyTorch has trained, compressed here.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>

#include "bench/metrics/metric.h"
#include "build_paths.h"
#include "experiments/results.h"
#include "mcu/process.h"
#include "nn/formats/format.h"
#include "nn/forward.h"
#include "nn/idx.h"
#include "tests/experiments/program.h"

using namespace pare;
namespace fs = std::filesystem;

TEST_CASE("a LeNet of PyTorch is compressed with the accuracy that it has there" *
          doctest::test_suite("slow")) {
  const nn::IdxFiles files;
  const bool has_torch =
      mcu::run_process({"/usr/bin/env", "/usr/bin/python3", "-c", "import torch"}).exit_code == 0;
  if (!has_torch || !fs::exists(files.train_images)) {
    MESSAGE("skipped: python3-torch or dataset-fashion-mnist is missing");
    return;
  }
  const tests::Folder folder;
  const fs::path file = folder.path() / "lenet.onnx";
  const fs::path outputs_file = folder.path() / "outputs";
  const mcu::ProcessResult trained = mcu::run_process(
      {"/usr/bin/python3", PARE_SOURCE_DIR "/tests/interop/lenet.py", files.train_images,
       files.train_labels, files.test_images, file.string(), outputs_file.string()});
  CAPTURE(trained.output);
  REQUIRE(trained.exit_code == 0);
  const nn::Dataset test = nn::load_idx(files.test_images, files.test_labels, 10);
  const nn::Model model = nn::read_model(file).model;
  const std::string bytes = tests::read_file(outputs_file);
  nn::Matrix expected(test.inputs.rows(), 10);
  REQUIRE(bytes.size() == sizeof(float) * static_cast<std::size_t>(expected.size()));
  std::memcpy(expected.data(), bytes.data(), bytes.size());
  const nn::Matrix outputs = nn::forward(model, test.inputs);
  CHECK((outputs - expected).cwiseAbs().maxCoeff() < 1e-5F * expected.cwiseAbs().maxCoeff());

  const std::string config = folder.write(
      "lenet.toml",
      "[model]\nfile = \"lenet.onnx\"\n[data]\nsource = \"idx\"\n[train]\nbatch_size = 128\n"
      "scale_inputs = false\n"
      "[[variants]]\nname = \"float32\"\n"
      "[[variants]]\nname = \"int8\"\npasses = [\"quantize_int8\"]\n"
      "[[variants]]\nname = \"pruned90-int8\"\n"
      "passes = [{ pass = \"magnitude_prune\", sparsity = 0.9, steps = 1, epochs = 2 }, "
      "\"quantize_int8\"]\n");
  const std::string out = (folder.path() / "results").string();
  REQUIRE(tests::run_pare({"run", config, "--out", out}).exit_code == 0);
  const auto rows = experiments::read_rows(out).variants;
  const double float32 = rows[0][0].score("top1").value_or(0);
  CHECK(float32 > 80);
  CHECK(rows[1][0].score("top1").value_or(0) > float32 - 0.5);
  CHECK(rows[2][0].score("top1").value_or(0) > float32 - 2.5);
  CHECK(rows[1][0].boards.at("nano33ble").bit_exact == 1000);
}
