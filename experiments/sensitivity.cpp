#include "experiments/sensitivity.h"

#include <fmt/format.h>

#include "bench/metrics/metric.h"
#include "experiments/job_queue.h"

namespace pare::experiments {
namespace {

double accuracy_of(const nn::Model& model, const nn::Dataset& validation) {
  const bench::Scores scores = bench::measure_accuracy(model, validation);
  return scores.at(std::string(bench::main_metric(validation.task).name));
}

/// Magnitude pruning ranks the weights of each layer on their own: so all are pruned, and one kept.
nn::Model prune_one(const nn::Model& base, std::size_t layer, double sparsity,
                    const compress::Context& context) {
  const compress::Step prune =
      compress::make_step("magnitude_prune", {{"sparsity", {sparsity, ""}},
                                              {"scope", {std::string("layer"), ""}},
                                              {"epochs", {std::int64_t{0}, ""}}});
  nn::Model pruned = base;
  pruned.layers[layer] = compress::run({prune}, base, context).model.layers[layer];
  return pruned;
}

/// Weights of one layer in `bits` bits, those of the others in 8.
nn::Model quantize_one(const nn::Model& base, std::size_t layer, std::int64_t bits,
                       const compress::Context& context) {
  std::vector<double> all(base.layers.size(), 8);
  all[layer] = static_cast<double>(bits);
  const compress::Step quantize = compress::make_step(
      "quantize_weights", {{"bits", {all, ""}}, {"epochs", {std::int64_t{0}, ""}}});
  return compress::run({quantize}, base, context).model;
}

std::string shown(double accuracy, nn::Task task) {
  return task == nn::Task::classification ? fmt::format("{:.2f}", accuracy)
                                          : fmt::format("{:.2e}", accuracy);
}

}  // namespace

Sensitivity measure_sensitivity(const nn::Model& base, const compress::Context& context,
                                std::size_t threads) {
  Sensitivity result{0, 0, {}};
  result.layers.resize(base.layers.size());
  Progress progress(threads);
  JobQueue queue;
  const auto add = [&](double& cell, const std::string& label, auto make) {
    progress.expect(0);
    queue.add(0, [&, label, make] {
      const Progress::Job job(progress, label);
      cell = accuracy_of(make(), context.validation);
    });
  };
  add(result.float32, "float32", [&] { return base; });
  add(result.int8, "8 bits", [&] { return quantize_one(base, 0, 8, context); });
  for (std::size_t i = 0; i < base.layers.size(); ++i) {
    LayerSensitivity& layer = result.layers[i];
    layer.pruned.resize(kSparsities.size());
    layer.quantized.resize(kWeightBits.size());
    for (std::size_t k = 0; k < kSparsities.size(); ++k) {
      add(layer.pruned[k], fmt::format("layer {}: sparsity {}", i + 1, kSparsities[k]),
          [&, i, k] { return prune_one(base, i, kSparsities[k], context); });
    }
    for (std::size_t k = 0; k < kWeightBits.size(); ++k) {
      add(layer.quantized[k], fmt::format("layer {}: {} bits", i + 1, kWeightBits[k]),
          [&, i, k] { return quantize_one(base, i, kWeightBits[k], context); });
    }
  }
  queue.run(threads);
  return result;
}

bench::Table sensitivity_table(const nn::Model& base, const Sensitivity& sensitivity,
                               nn::Task task) {
  bench::Table table{{"layer", "weights", "metric", "float32"}, {false, true, false, true}, {}};
  for (const double sparsity : kSparsities) {
    table.headers.push_back(fmt::format("sparsity {}", sparsity));
  }
  table.headers.emplace_back("8 bits");
  for (const std::int64_t bits : kWeightBits) {
    table.headers.push_back(fmt::format("{} {}", bits, bits == 1 ? "bit" : "bits"));
  }
  table.numeric.resize(table.headers.size(), true);
  for (std::size_t i = 0; i < base.layers.size(); ++i) {
    const auto weights = std::get<nn::DenseLayer>(base.layers[i]).weights.size();
    const std::string metric = task == nn::Task::classification ? "top-1 %" : "MSE";
    std::vector<std::string> row{fmt::format("{}", i + 1), fmt::format("{}", weights), metric,
                                 shown(sensitivity.float32, task)};
    for (const double value : sensitivity.layers[i].pruned) row.push_back(shown(value, task));
    row.push_back(shown(sensitivity.int8, task));
    for (const double value : sensitivity.layers[i].quantized) row.push_back(shown(value, task));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace pare::experiments
