#include "bench/inspection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "mcu/boards/board.h"
#include "mcu/encode.h"
#include "nn/activation.h"
#include "nn/ends.h"
#include "nn/fast_forward.h"
#include "nn/forward.h"
#include "nn/quantization.h"

namespace pare::bench {
namespace {

std::string range_of(const auto& values) {
  return fmt::format("{:.4g} to {:.4g}", static_cast<double>(values.minCoeff()),
                     static_cast<double>(values.maxCoeff()));
}

std::string describe(const nn::Quantization& q) {
  return fmt::format("{:.4g} ({})", q.scale, q.zero_point);
}

/// The number of weights that are 0, in percent.
std::string zeros_of(const auto& weights) {
  const auto zeros = static_cast<double>((weights.array() == 0).count());
  return fmt::format("{:.1f}", 100 * zeros / static_cast<double>(weights.size()));
}

std::vector<std::string> layer_row(std::size_t index, const nn::DenseLayer& layer) {
  return {fmt::format("{}", index + 1),
          fmt::format("{}", layer.weights.cols()),
          fmt::format("{}", layer.weights.rows()),
          nn::text(layer.activation),
          "float32",
          fmt::format("{}", nn::parameter_count(layer)),
          fmt::format("{}", layer.weights.size()),
          zeros_of(layer.weights),
          range_of(layer.weights),
          range_of(layer.bias),
          std::string(kNothing),
          std::string(kNothing)};
}

std::vector<std::string> layer_row(std::size_t index, const nn::Int8Layer& layer) {
  return {fmt::format("{}", index + 1),
          fmt::format("{}", layer.weights.cols()),
          fmt::format("{}", layer.weights.rows()),
          nn::text(layer.activation),
          layer.weight_scales.size() == 1 ? "int8, one scale" : "int8, a scale a row",
          fmt::format("{}", nn::parameter_count(layer)),
          fmt::format("{}", layer.weights.size()),
          zeros_of(layer.weights),
          range_of(layer.weights.cast<int>()),
          range_of(layer.bias),
          describe(layer.input),
          describe(layer.output)};
}

/// What a model takes on a board; an empty cell is not known.
struct Needs {
  double parameter_bytes = 0;
  double ram_bytes = 0;
  double flash_bytes = 0;  ///< 0: not known
  double cycles = 0;       ///< likewise
};

Needs needs_of(const nn::Model& model) {
  const bool int8 = nn::arithmetic(model) == nn::Arithmetic::int8;
  const auto arena = static_cast<double>(mcu::plan_arena(model).size);
  const auto ends = static_cast<double>(nn::input_count(model) + nn::output_count(model));
  Needs needs{static_cast<double>(nn::parameter_count(model)) * (int8 ? 1 : 4),
              int8 ? 2 * arena + ends : 4 * (arena + ends)};
  if (nn::parameter_count(model) > kMostPriced) return needs;
  const mcu::EncodedModel encoded = mcu::encode(model);
  needs.parameter_bytes = static_cast<double>(encoded.bytes.size());
  if (!int8) return needs;
  const mcu::Cost cost = mcu::estimate(encoded);
  needs.flash_bytes = cost.flash_bytes;
  needs.cycles = cost.cycles;
  return needs;
}

std::string known(double value) {
  return value == 0 ? std::string(kNothing) : fmt::format("{:.0f}", value);
}

std::vector<std::string> board_row(const Candidate& candidate, const Needs& needs,
                                   const mcu::Board& board) {
  const bool priced = &board == &mcu::nano33ble();
  const double flash = priced && needs.flash_bytes > 0 ? needs.flash_bytes : needs.parameter_bytes;
  std::string fits = "yes";
  if (flash > static_cast<double>(board.sketch_flash_bytes)) fits = "no: flash";
  if (needs.ram_bytes > static_cast<double>(board.sketch_ram_bytes)) fits = "no: RAM";
  const double milliseconds = needs.cycles / board.clock_mhz / 1000;
  return {candidate.name,
          std::string(board.name),
          known(needs.parameter_bytes),
          known(needs.ram_bytes),
          priced ? known(needs.flash_bytes) : std::string(kNothing),
          priced ? known(needs.cycles) : std::string(kNothing),
          priced && needs.cycles > 0 ? fmt::format("{:.3g}", milliseconds) : std::string(kNothing),
          fmt::format("{}", board.sketch_flash_bytes),
          fmt::format("{}", board.sketch_ram_bytes),
          fits};
}

/// The largest difference, and it over the largest value of `a`.
struct Apart {
  double absolute = 0;
  double relative = 0;
};

template <class Values>
Apart apart(const Values& a, const Values& b) {
  if (a.size() == 0) return {};
  const double absolute = double{(a - b).cwiseAbs().maxCoeff()};
  const double size = double{a.cwiseAbs().maxCoeff()};
  if (absolute == 0) return {};
  return {absolute, size > 0 ? absolute / size : std::numeric_limits<double>::infinity()};
}

std::string shape(const nn::Model& model, std::size_t index) {
  if (index >= model.layers.size()) return std::string(kNothing);
  const nn::Layer& layer = model.layers[index];
  const auto activation = std::visit([](const auto& l) { return l.activation; }, layer);
  return fmt::format("{}-{} {}", nn::input_count(layer), nn::output_count(layer),
                     nn::text(activation));
}

std::vector<std::string> difference_row(std::string name, std::string a, std::string b,
                                        const Apart& weights, const Apart& bias,
                                        const Apart& outputs) {
  const auto cell = [](double value) { return fmt::format("{:.3g}", value); };
  return {std::move(name),        std::move(a),           std::move(b),
          cell(weights.absolute), cell(weights.relative), cell(bias.absolute),
          cell(bias.relative),    cell(outputs.absolute), cell(outputs.relative)};
}

}  // namespace

Table layer_summary(const nn::Model& model) {
  Table table{{"layer", "inputs", "outputs", "ends in", "weights", "params", "MACs", "zeros %",
               "range of weights", "range of biases", "input scale", "output scale"},
              {false, true, true, false, false, true, true, true, false, false, false, false},
              {}};
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    table.rows.push_back(
        std::visit([i](const auto& layer) { return layer_row(i, layer); }, model.layers[i]));
  }
  if (nn::arithmetic(model) == nn::Arithmetic::int8) return table;
  for (auto& row : table.rows) row.resize(row.size() - 2);
  table.headers.resize(table.headers.size() - 2);
  table.numeric.resize(table.numeric.size() - 2);
  return table;
}

std::vector<std::string> describe_ends(const nn::Model& model) {
  std::vector<std::string> lines;
  const auto row = [&](const char* what, const nn::RowVector& values) {
    if (values.size() != 0) lines.push_back(fmt::format("{}: {}", what, range_of(values)));
  };
  row("offset of the inputs, which is taken off", model.inputs.offset);
  row("factor of the inputs, then", model.inputs.factor);
  if (model.inputs.activation != nn::Activation::identity) {
    lines.push_back(fmt::format("the inputs pass a {}", nn::text(model.inputs.activation)));
  }
  row("factor of the outputs", model.outputs.factor);
  row("offset of the outputs, then", model.outputs.offset);
  if (model.outputs.meaning != nn::Meaning::values) {
    lines.push_back(fmt::format("the outputs are {}", nn::name(model.outputs.meaning)));
  }
  if (!model.inputs.names.empty()) {
    lines.push_back(fmt::format("inputs: {}", fmt::join(model.inputs.names, ", ")));
  }
  if (!model.outputs.names.empty()) {
    lines.push_back(fmt::format("{}: {}", nn::is_classifier(model) ? "classes" : "outputs",
                                fmt::join(model.outputs.names, ", ")));
  }
  return lines;
}

Table board_summary(const std::vector<Candidate>& models) {
  Table table{{"as", "board", "parameters B", "RAM B", "flash B est.", "cycles est.", "ms est.",
               "of flash B", "of RAM B", "fits"},
              {false, false, true, true, true, true, true, true, true, false},
              {}};
  for (const Candidate& candidate : models) {
    const Needs needs = needs_of(candidate.model);
    for (const mcu::Board* board : mcu::boards()) {
      table.rows.push_back(board_row(candidate, needs, *board));
    }
  }
  return table;
}

Difference compare_models(const nn::Model& a, const nn::Model& b, const nn::Matrix& inputs) {
  Difference result{{{"layer", "first", "second", "weights apart", "relative", "biases apart",
                      "relative of biases", "outputs apart", "relative of outputs"},
                     {false, false, false, true, true, true, true, true, true},
                     {}}};
  const auto add = [&](const std::string& name, const std::string& of_a, const std::string& of_b,
                       const Apart& weights, const Apart& bias, const Apart& outputs) {
    result.table.rows.push_back(difference_row(name, of_a, of_b, weights, bias, outputs));
    result.largest = std::max({result.largest, weights.relative, bias.relative, outputs.relative});
  };
  const nn::Model floats_a = nn::dequantized(a);
  const nn::Model floats_b = nn::dequantized(b);
  nn::Matrix seen_a = nn::seen_inputs(a.inputs, inputs);
  nn::Matrix seen_b = nn::seen_inputs(b.inputs, inputs);
  bool alike = true;
  for (std::size_t i = 0; i < std::max(a.layers.size(), b.layers.size()); ++i) {
    const std::string name = fmt::format("{}", i + 1);
    alike = alike && shape(floats_a, i) == shape(floats_b, i);
    if (!alike) {
      const std::string none(kNothing);
      result.table.rows.push_back(
          {name, shape(a, i), shape(b, i), none, none, none, none, none, none});
      result.largest = std::numeric_limits<double>::infinity();
      continue;
    }
    const auto& layer_a = std::get<nn::DenseLayer>(floats_a.layers[i]);
    const auto& layer_b = std::get<nn::DenseLayer>(floats_b.layers[i]);
    seen_a = nn::forward(layer_a, seen_a);
    seen_b = nn::forward(layer_b, seen_b);
    add(name, shape(a, i), shape(b, i), apart(layer_a.weights, layer_b.weights),
        apart(layer_a.bias, layer_b.bias), apart(seen_a, seen_b));
  }
  if (nn::output_count(a) == nn::output_count(b)) {
    add("whole", std::string(nn::name(nn::arithmetic(a))), std::string(nn::name(nn::arithmetic(b))),
        {}, {}, apart(nn::fast_forward(a, inputs), nn::fast_forward(b, inputs)));
  }
  return result;
}

}  // namespace pare::bench
