// Every variant of an experiment in the runtimes of others.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "build_paths.h"
#include "experiments/config.h"
#include "nn/ends.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/helpers.h"
#include "tests/interop/runtimes.h"

using namespace pare;
using tests::Case;
using tests::Comparison;
using tests::Runtime;

namespace {

bool is_int8(const nn::Model& model) { return nn::arithmetic(model) == nn::Arithmetic::int8; }

/// The config, but that everything is trained for one epoch.
std::string with_one_epoch(std::string config) {
  const std::string key = "epochs = ";
  for (auto at = config.find(key); at != std::string::npos; at = config.find(key, at + 1)) {
    const auto begin = at + key.size();
    config.replace(begin, config.find_first_not_of("0123456789", begin) - begin, "1");
  }
  return config;
}

/// The variants' models with images of the test set, for int8 ones as int8 holds them: the mean of
/// four pixels often lies in the middle between two integers, of which ONNX takes the even one.
std::vector<Case> make_variants(const experiments::Experiment& experiment) {
  const std::uint64_t seed = experiment.seeds.front();
  const nn::Split data = experiments::make_data(experiment, seed);
  const nn::Model base = experiments::train_base(experiment, seed, data);
  const compress::Context context{.train = data.train,
                                  .validation = data.validation,
                                  .training = experiment.train,
                                  .seed = seed,
                                  .on_epoch = {},
                                  .base = &base,
                                  .retraining = experiment.retrain};
  const nn::Matrix images = data.test.inputs.topRows(1000);
  std::vector<Case> cases;
  for (const experiments::Variant& variant : experiment.variants) {
    cases.push_back({variant.name, compress::run(variant.steps, base, context).model, images});
    auto& [name, model, inputs] = cases.back();
    if (!is_int8(model)) continue;
    inputs = nn::dequantize(nn::quantized_inputs(model, images), nn::input_quantization(model));
  }
  return cases;
}

/// The int8 ones of the cases, with layers that round once.
std::vector<Case> rounding_once(std::vector<Case> cases) {
  std::erase_if(cases, [](const Case& variant) { return !is_int8(variant.model); });
  for (Case& variant : cases) {
    for (nn::Layer& layer : variant.model.layers) {
      std::get<nn::Int8Layer>(layer).requantizing = nn::Requantizing::single_rounding;
    }
  }
  return cases;
}

}  // namespace

TEST_CASE("every variant of an experiment runs in other runtimes" * doctest::test_suite("slow")) {
  const std::vector<Runtime> runtimes = tests::runtimes();
  if (runtimes.empty()) return;
  const tests::Folder folder;
  const std::string config =
      with_one_epoch(tests::read_file(PARE_SOURCE_DIR "/experiments/configs/fashion_14.toml"));
  const experiments::Experiment experiment = experiments::load_experiment(
      folder.write("fashion_14.toml", config), {"data.validation_samples=1000"});
  if (!std::filesystem::exists(experiment.data.files.front())) {
    MESSAGE("skipped: there is no " << experiment.data.files.front() << " (dataset-fashion-mnist)");
    return;
  }
  const std::vector<Case> variants = make_variants(experiment);
  const std::vector<Case> once = rounding_once(variants);
  CHECK(variants.size() == 10);
  CHECK(once.size() == 8);
  for (const Runtime& runtime : runtimes) {
    std::vector<Case> written = variants;
    CHECK(tests::remove_unwritable(runtime, written) == "");
    const std::vector<Comparison> compared = tests::compare(runtime, written);
    for (std::size_t i = 0; i < written.size(); ++i) {
      const auto& [name, model, inputs] = written[i];
      CAPTURE(name);
      if (!is_int8(model)) {
        CHECK(compared[i].different() == 0);
        continue;
      }
      // These round twice, and the runtimes once. Measured: up to 11 % of the outputs differ, by up
      // to 6 steps.
      const float steps = compared[i].largest_difference() / nn::output_quantization(model).scale;
      const nn::Index different = compared[i].different();
      CHECK(different <= compared[i].ours.size() / 7);
      CHECK(steps < 7.5F);
      MESSAGE(fmt::format("{}, {}: {} of {} outputs differ, by up to {:.0f} steps", runtime.package,
                          name, different, compared[i].ours.size(), steps));
    }
    CHECK(tests::names_of_different(once, tests::compare(runtime, once)) == "");
  }
}
