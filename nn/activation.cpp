#include "nn/activation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "nn/quantization.h"

namespace pare::nn {

std::string text(Activation activation) {
  const ActivationInfo& info = activation.function().info;
  return info.alpha ? fmt::format("{}({})", info.name, activation.alpha) : std::string(info.name);
}

std::optional<Activation> find_activation(std::string_view text) {
  const std::string_view name = text.substr(0, text.find('('));
  for (const auto function : activation_functions()) {
    const ActivationInfo& info = function().info;
    if (info.name != name) continue;
    Activation activation{function, info.alpha.value_or(0)};
    if (name == text) return activation;
    const std::string_view rest = text.substr(name.size());
    const char* const last = rest.data() + rest.size() - 1;
    const auto [end, error] = std::from_chars(rest.data() + 1, last, activation.alpha);
    const bool whole = error == std::errc() && end == last && *last == ')';
    return info.alpha && whole ? std::optional(activation) : std::nullopt;
  }
  return std::nullopt;
}

void activate(Activation activation, MatrixRef values) {
  if (activation != Activation::identity) activation.function().activate(activation.alpha, values);
}

bool needs_inputs(Activation activation) { return activation.function().info.slope_of_input; }

void multiply_by_derivative(Activation activation, const ConstMatrixRef& inputs,
                            const ConstMatrixRef& outputs, MatrixRef deltas, float scale) {
  if (activation == Activation::identity) return;
  activation.function().multiply_by_slope(activation.alpha, inputs, outputs, scale, deltas);
}

bool has_table(Activation activation) {
  return activation != Activation::identity && activation != Activation::relu;
}

Activation int8_activation(Activation activation, const Quantization& output) {
  const bool cuts_nothing = activation == Activation::relu6 && quantize(6, output) == 127;
  return cuts_nothing ? Activation::relu : activation;
}

std::optional<Quantization> table_output(Activation activation) {
  return activation.function().info.int8_output;
}

std::pair<float, float> table_range(Activation activation, const Quantization& output, float low,
                                    float high) {
  // Outputs round to the least of their steps up to half a step above it, and so at the other end.
  if (const auto inverse = activation.function().inverse) {
    const auto real = [&](double step) {
      return double{output.scale} * (step - output.zero_point);
    };
    const auto at = [&](double step) { return static_cast<float>(inverse(real(step))); };
    return {std::max(low, at(-127.5)), std::min(high, at(126.5))};
  }
  constexpr int kSteps = 4096;
  const auto place = [&](int i) { return low + (high - low) * static_cast<float>(i) / kSteps; };
  const auto value = [&](int i) {
    const double y = activation.function().value(double{place(i)}, double{activation.alpha});
    return quantize(static_cast<float>(y), output);
  };
  int first = 0;
  int last = kSteps;
  while (first < kSteps && value(first + 1) == value(0)) ++first;
  while (last > first && value(last - 1) == value(kSteps)) --last;
  return {place(first), place(last)};
}

std::array<std::int8_t, 256> make_table(const Int8Layer& layer) {
  const ActivationFunction& function = layer.activation.function();
  std::array<std::int8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const int x = static_cast<int>(i) - 128;
    double steps = 0;
    if (function.int8_value != nullptr) {
      steps = function.int8_value(x, layer);
    } else {
      const Quantization& from = layer.pre_activation;
      const double y = function.value(double{from.scale} * (x - from.zero_point),
                                      double{layer.activation.alpha});
      steps = std::round(y / double{layer.output.scale}) + layer.output.zero_point;
    }
    table[i] = static_cast<std::int8_t>(std::clamp(steps, -128.0, 127.0));
  }
  return table;
}

}  // namespace pare::nn
