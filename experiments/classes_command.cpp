#include <fmt/format.h>

#include <cmath>

#include "bench/confusion.h"
#include "experiments/commands.h"
#include "experiments/results.h"
#include "experiments/terminal.h"
#include "nn/ends.h"
#include "nn/fast_forward.h"

namespace pare::experiments {
namespace {

/// A share in percent; "-" where there is nothing of which it could be one.
std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.2f}", 100 * share);
}

}  // namespace

void print_classes(const VariantArguments& arguments) {
  const StoredVariant stored =
      load_variant(arguments.results, arguments.variant, arguments.seed, arguments.optimize);
  const nn::Model& model = stored.artefact.model;
  const nn::Dataset& data = stored.data.test;
  if (data.task != nn::Task::classification) {
    throw std::invalid_argument(fmt::format("{} predicts numbers, not classes", arguments.results));
  }
  const nn::Matrix outputs = nn::fast_forward(model, data.inputs);
  const Eigen::MatrixXd confusions = bench::count_confusions({model, outputs, data});
  const Eigen::VectorXd recall = bench::recalls(confusions);
  const Eigen::VectorXd precision = bench::precisions(confusions);
  bench::Table table{
      {"class", "samples", "recall %", "precision %"}, {false, true, true, true}, {}};
  std::vector<std::string> names = data.class_names;
  for (auto k = static_cast<nn::Index>(names.size()); k < confusions.rows(); ++k) {
    names.push_back(fmt::format("{}", k));
  }
  for (const std::string& name : names) {
    table.headers.push_back(fmt::format("taken for {}", name));
    table.numeric.push_back(true);
  }
  for (nn::Index k = 0; k < confusions.rows(); ++k) {
    std::vector<std::string> row{names[static_cast<std::size_t>(k)],
                                 fmt::format("{}", confusions.row(k).sum()), percent(recall[k]),
                                 percent(precision[k])};
    for (const double count : confusions.row(k)) row.push_back(fmt::format("{}", count));
    table.rows.push_back(std::move(row));
  }
  show_table(table, arguments.format);
}

}  // namespace pare::experiments
