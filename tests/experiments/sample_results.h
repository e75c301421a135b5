#pragma once

#include <fmt/format.h>

#include "compress/pass.h"
#include "experiments/results.h"
#include "mcu/encode.h"
#include "tests/helpers.h"

namespace pare::tests {

/// A config of two variants that trains in no time.
constexpr const char* kSampleConfig = R"(name = "sample"
seed = 3

[data]
train_samples = 64
validation_samples = 16
test_samples = 20

[model]
hidden = [4]

[train]
epochs = 5
learning_rate = 0.2

[[variants]]
name = "float"

[[variants]]
name = "int8"
passes = ["quantize_int8"]
)";

/// As results.json names a model that was measured.
inline std::string model_hash(const nn::Model& model) {
  return fmt::format("{:08x}", mcu::hash(mcu::encode(model, {experiments::Experiment().optimize})));
}

/// What `run` might give for kSampleConfig; nothing of it was measured.
inline experiments::Results sample_results() {
  const nn::Split data = nn::make_sine({}, 3);
  nn::Model model = random_model({1, 4, 1}, 3);
  nn::Model int8 = compress::run({compress::make_step("quantize_int8")}, model,
                                 {data.train, data.validation, {}, 3, {}})
                       .model;
  bench::Row float_row;
  float_row.name = "float";
  float_row.encodings = {"dense float32", "dense float32"};
  float_row.parameters = 13;
  float_row.weights_bytes = 52;
  float_row.accuracy["mse"] = 0.001;
  float_row.host_ns_median = 30.25;
  float_row.model_hash = model_hash(model);
  float_row.boards["nano33ble"];  // and nothing of it
  bench::Row int8_row = float_row;
  int8_row.model_hash = model_hash(int8);
  int8_row.name = "int8";
  int8_row.passes = {"quantize_int8"};
  int8_row.encodings = {"paired int8", "paired int8"};
  int8_row.weights_bytes = 33;
  int8_row.host_ns_median.reset();
  return {"sample",
          {3},
          kSampleConfig,
          {{"processor", "none"}},
          nlohmann::json::array(),
          {{float_row}, {int8_row}},
          {{std::move(model)}, {std::move(int8)}}};
}

/// The same over the seeds 3 and 5; every number of the second is twice that of the first, but
/// those that a model's shape fixes.
inline experiments::Results sample_results_of_two_seeds() {
  experiments::Results results = sample_results();
  results.seeds = {3, 5};
  for (bench::SeedRows& rows : results.rows) {
    bench::Row second = rows[0];
    if (second.score("mse")) second.accuracy["mse"] *= 2;
    if (second.host_ns_median) *second.host_ns_median *= 2;
    rows.push_back(second);
  }
  const nn::Split data = nn::make_sine({}, 5);
  nn::Model model = random_model({1, 4, 1}, 5);
  results.models[1].push_back(compress::run({compress::make_step("quantize_int8")}, model,
                                            {data.train, data.validation, {}, 5, {}})
                                  .model);
  results.models[0].push_back(std::move(model));
  for (std::size_t i = 0; i < 2; ++i) {
    bench::Row& row = results.rows[i][1];
    row.model_hash = model_hash(results.models[i][1]);
  }
  return results;
}

/// A results folder on disk that holds sample_results().
class ResultsFolder {
 public:
  explicit ResultsFolder(const experiments::Results& results = sample_results()) {
    experiments::write_results(results, path());
  }
  std::string path() const { return (folder_.path() / "sample").string(); }
  std::string model(const std::string& variant) const {
    return path() + "/models/" + variant + ".safetensors";
  }
  std::string beside(const std::string& name) const { return (folder_.path() / name).string(); }

 private:
  Folder folder_;
};

}  // namespace pare::tests
