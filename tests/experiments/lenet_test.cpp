// A LeNet-300-100 on Fashion-MNIST, trained for fewer epochs than experiments/configs/
// lenet_fashion.toml has: what must not get worse unnoticed.
#include <doctest/doctest.h>

#include <filesystem>

#include "bench/metrics/metric.h"
#include "compress/pass.h"
#include "experiments/sources/source.h"
#include "nn/train.h"

using namespace pare;
using compress::make_step;

TEST_CASE("a LeNet keeps its accuracy in float32, int8, pruned to 90 %, and 4 bits" *
          doctest::test_suite("slow")) {
  experiments::FileFinder finder("here.toml");
  compress::Options options("[data]", {{"source", {std::string("idx"), ""}},
                                       {"validation_samples", {std::int64_t{2000}, ""}}});
  const experiments::DataSource source = experiments::read_data_source(options, {finder, {}});
  if (!std::filesystem::exists(source.files.front())) {
    MESSAGE("skipped: there is no " << source.files.front() << " (dataset-fashion-mnist)");
    return;
  }
  const nn::Split data = source.load(1);
  nn::TrainOptions training;
  training.epochs = 15;
  training.batch_size = 128;
  training.learning_rate = 1e-3;
  training.dropout = 0.1;
  training.weight_decay = 0.1;
  training.scale_inputs = false;
  const nn::Model base = nn::train_new({300, 100}, nn::Activation::relu, data.train, training, 1);
  const auto top1 = [&](const std::vector<compress::Step>& steps) {
    const nn::Model model =
        compress::run(steps, base, {data.train, data.validation, training, 1, {}}).model;
    return bench::measure_accuracy(model, data.test).at("top1");
  };
  const compress::Step int8 =
      make_step("quantize_int8", {{"calibration", {std::string("mse"), ""}}});
  const compress::Step prune =
      make_step("magnitude_prune", {{"sparsity", {0.9, ""}}, {"epochs", {std::int64_t{10}, ""}}});
  const compress::Step four_bits =
      make_step("quantize_weights", {{"bits", {std::vector<double>{4}, ""}},
                                     {"rounding", {std::string("gptq"), ""}},
                                     {"calibration", {std::string("mse"), ""}},
                                     {"epochs", {std::int64_t{0}, ""}}});
  // Measured: 89.35, 89.32, 87.16 and 89.22 %; over seeds the standard deviation is 0.1 to 0.2.
  CHECK(top1({}) > 89.2);
  CHECK(top1({int8}) > 89.2);
  CHECK(top1({prune, int8}) > 87.0);
  CHECK(top1({four_bits}) > 89.1);
}
