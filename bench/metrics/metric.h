#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "nn/dataset.h"

namespace pare::bench {

/// How a column writes its numbers.
enum class Style : std::uint8_t { count, fixed1, fixed2, fixed3, scientific };

/// What a model gave for samples whose right answers are known.
struct Answers {
  const nn::Model& model;
  const nn::Matrix& outputs;  ///< [samples, outputs], as nn::forward gives them
  const nn::Dataset& data;    ///< its targets are the right answers
};

/// A measure of how good answers are. A new one is a file here, and a line in the registry.
struct Metric {
  std::string_view name;   ///< its place in results.json, under "accuracy"
  std::string_view title;  ///< of its column; empty for results.json alone
  Style style;
  nn::Task task;          ///< that it is for
  bool compared = false;  ///< variants are compared with the first one by it: one for each task
  /// Nothing where it is not defined for these answers.
  std::optional<double> (*compute)(const Answers& answers);
};

/// All metrics, in the order of their columns.
std::span<const Metric* const> metrics();

/// What variants of a task are compared by.
const Metric& main_metric(nn::Task task);

/// Numbers by the names of their metrics.
using Scores = std::map<std::string, double, std::less<>>;

/// All metrics of the data's task, of `model` on `data`: of an int8 model with the integer
/// arithmetic that the board runs.
Scores measure_accuracy(const nn::Model& model, const nn::Dataset& data);

}  // namespace pare::bench
