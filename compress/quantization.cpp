#include "compress/quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include "compress/gptq.h"
#include "nn/activation.h"
#include "nn/forward.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

constexpr nn::Index kCalibrationSamples = 10'000;

/// Evenly spaced rows of the training inputs.
nn::Matrix calibration_inputs(const nn::Matrix& inputs) {
  const nn::Index samples = std::min(inputs.rows(), kCalibrationSamples);
  nn::Matrix chosen(samples, inputs.cols());
  for (nn::Index i = 0; i < samples; ++i) chosen.row(i) = inputs.row(i * inputs.rows() / samples);
  return chosen;
}

nn::Matrix through_int8(const nn::Matrix& values, const nn::Quantization& quantization) {
  return nn::dequantize(nn::quantize(values, quantization), quantization);
}

/// The bias that makes the mean of each output what it was.
/// Source: Nagel et al., "Data-Free Quantization through Weight Equalization and Bias Correction",
/// ICCV 2019, section 4.2, with the means measured as in their appendix D.
nn::Vector corrected_bias(const nn::DenseLayer& dense, const nn::Matrix& rounded_weights,
                          const nn::Matrix& exact, const nn::Matrix& seen) {
  const Eigen::VectorXd exact_mean = nn::column_means(exact);
  const Eigen::VectorXd seen_mean = nn::column_means(seen);
  nn::Vector bias = dense.bias;
  for (nn::Index row = 0; row < bias.size(); ++row) {
    double error = 0;
    for (nn::Index i = 0; i < exact_mean.size(); ++i) {
      error += double{dense.weights(row, i)} * exact_mean[i] -
               double{rounded_weights(row, i)} * seen_mean[i];
    }
    bias[row] += static_cast<float>(error);
  }
  return bias;
}

nn::Int32Vector rounded_bias(const nn::Vector& bias, const nn::Vector& scales,
                             const nn::Quantization& input) {
  nn::Int32Vector rounded(bias.size());
  for (nn::Index row = 0; row < bias.size(); ++row) {
    const float scale = nn::row_scale(scales, row);
    const double unit = double{input.scale} * double{scale};
    rounded[row] = static_cast<std::int32_t>(std::llround(double{bias[row]} / unit));
  }
  return rounded;
}

/// Raises the scale of each row whose sums could reach nn::kShortSum, but not twice that, so that
/// they do not: less than a bit of one row's weights, where a single such row would keep its whole
/// layer from being packed. Says whether there was any.
bool shorten_sums(const nn::Int8Layer& layer, nn::Vector& scales) {
  if (scales.size() != layer.weights.rows()) return false;
  bool raised = false;
  for (nn::Index row = 0; row < scales.size(); ++row) {
    const nn::AccumulatorRange range = nn::accumulator_range(layer, row);
    const double excess =
        static_cast<double>(std::max(range.high, -range.low)) / static_cast<double>(nn::kShortSum);
    if (excess < 1 || excess >= 2) continue;
    constexpr double kRoundingMargin = 1.02;  // weights that round up add to the sums
    scales[row] *= static_cast<float>(kRoundingMargin * excess);
    raised = true;
  }
  return raised;
}

/// The outputs that a decision is made between: the two largest of each sample, [samples, 2].
nn::Matrix two_largest(const nn::Matrix& outputs) {
  nn::Matrix largest(outputs.rows(), 2);
  for (nn::Index i = 0; i < outputs.rows(); ++i) {
    std::partial_sort_copy(outputs.row(i).begin(), outputs.row(i).end(), largest.row(i).begin(),
                           largest.row(i).end(), std::greater<>());
  }
  return largest;
}

/// The quantization of a layer's outputs. Where they decide between classes, the range is that of
/// each sample's two largest: what lies below saturates, which changes no decision, and the steps
/// are so fine that few of the two become equal.
nn::Quantization calibrate_outputs(const nn::Matrix& outputs, bool decides,
                                   const Calibrator& calibrator) {
  return decides && outputs.cols() > 2 ? calibrator(two_largest(outputs)) : calibrator(outputs);
}

/// The quantization of a layer's pre-activations for `inputs`: no wider than its table to `output`
/// is of use.
nn::Quantization calibrate_pre_activation(nn::DenseLayer dense, const nn::Matrix& inputs,
                                          const nn::Quantization& output,
                                          const Calibrator& calibrator) {
  if (dense.activation == nn::Activation::relu6) return output;  // its table only cuts off at 6
  const nn::Activation activation = dense.activation;
  dense.activation = nn::Activation::identity;
  const nn::Matrix sums = nn::forward(dense, inputs);
  const auto [low, high] = nn::table_range(activation, output, sums.minCoeff(), sums.maxCoeff());
  return calibrator(sums.cwiseMax(low).cwiseMin(high));
}

/// A feature and its values, for a message.
std::string describe_feature(const nn::Dataset& data, nn::Index feature) {
  return fmt::format("{} lies in [{:g}, {:g}]", nn::feature_name(data, feature),
                     data.inputs.col(feature).minCoeff(), data.inputs.col(feature).maxCoeff());
}

/// Throws unless an int8 scale of a normal number can cover the inputs.
void check_inputs(const nn::Dataset& data) {
  const float largest = data.inputs.cwiseAbs().maxCoeff();
  if (largest == 0 || largest / 256 >= std::numeric_limits<float>::min()) return;
  throw std::invalid_argument(
      fmt::format("the inputs are at most {:g} in size, too little for an int8 scale; give the "
                  "features a unit in which they are around 1",
                  largest));
}

/// Throws if the layers cannot be computed in int8. Where a feature spans less than a step of the
/// inputs, its weights are to blame: so large that no other's can be told from 0.
void check_layers(const nn::Model& quantized, const nn::Dataset& data) {
  try {
    nn::check(quantized);
  } catch (const std::invalid_argument& error) {
    const nn::Vector largest = data.inputs.cwiseAbs().colwise().maxCoeff();
    const nn::Vector range = data.inputs.colwise().maxCoeff() - data.inputs.colwise().minCoeff();
    nn::Index widest = 0;
    nn::Index narrowest = 0;
    largest.maxCoeff(&widest);
    (range.array() > 0).select(range, std::numeric_limits<float>::infinity()).minCoeff(&narrowest);
    if (range[narrowest] > largest[widest] / 256) throw;
    throw std::invalid_argument(fmt::format(
        "{}; int8 has one scale for all inputs, and {}, {}: bring the features to like ranges, "
        "such as -1 to 1",
        error.what(), describe_feature(data, widest), describe_feature(data, narrowest)));
  }
}

/// One scale a row or layer, for the weights as they are or as training has left them.
std::vector<nn::Vector> trained_scales(nn::Model& model, const std::vector<WeightFormat>& formats,
                                       const QuantizationOptions& options, const Context& context) {
  if (options.training.epochs > 0) {
    QuantizationTraining quantized(model, formats, options.scales);
    model = options.training.train(std::move(model), context, quantized.view(),
                                   quantized.gradient_view());
  }
  // Training need not end with the weights that its view showed last, so the scales are theirs.
  std::vector<nn::Vector> scales;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const nn::Matrix& weights = std::get<nn::DenseLayer>(model.layers[i]).weights;
    scales.push_back(options.training.epochs > 0 ? rounded_scales(weights, formats[i])
                                                 : weight_scales(weights, formats[i]));
  }
  return scales;
}

}  // namespace

QuantizationOptions::QuantizationOptions(Options& options, int default_epochs)
    : calibrator(options),
      two_largest_logits(options.choice<bool>(
          "logits", {{"two_largest", true}, {"all", false}},
          "of a classifier, which outputs the last int8 range covers; others saturate")),
      bias_correction(options.flag("bias_correction", false,
                                   "fold the mean error of each output into its bias")),
      rounding(options.choice<Rounding>("rounding",
                                        {{"nearest", Rounding::nearest}, {"gptq", Rounding::gptq}},
                                        "weights one by one, or each making up for those before")),
      scales(options.choice<ScaleRule>(
          "scales", {{"follow", ScaleRule::follow}, {"learned", ScaleRule::learned}},
          "of the weights, in training: fitted to them at each step, or "
          "learned")),
      requantizing(options.choice<nn::Requantizing>(
          "requantizing",
          {{"double_rounding", nn::Requantizing::double_rounding},
           {"single_rounding", nn::Requantizing::single_rounding}},
          "sums become outputs as in TFLite, or as with TFLITE_SINGLE_ROUNDING")),
      training(options, default_epochs, "epochs of training with rounded weights; 0 is none") {}

nn::Model quantize(nn::Model model, const std::vector<WeightFormat>& formats,
                   const QuantizationOptions& options, const Context& context) {
  check_inputs(context.train);
  const std::vector<nn::Vector> all_scales = trained_scales(model, formats, options, context);
  nn::Model quantized;
  nn::Matrix exact = calibration_inputs(context.train.inputs);
  nn::Quantization input = options.calibrator(exact);
  nn::Matrix seen = through_int8(exact, input);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& dense = std::get<nn::DenseLayer>(model.layers[i]);
    const int bits = formats[i].bits;
    nn::Matrix outputs = nn::forward(dense, exact);
    const bool decides = options.two_largest_logits && i + 1 == model.layers.size() &&
                         context.train.task == nn::Task::classification;
    const std::optional<nn::Quantization> fixed = nn::table_output(dense.activation);
    const nn::Quantization output =
        fixed ? *fixed : calibrate_outputs(outputs, decides, options.calibrator);
    const nn::Activation activation = int8_activation(dense.activation, output);
    const bool table = nn::has_table(activation);
    const nn::Quantization pre_activation =
        table ? calibrate_pre_activation(dense, exact, output, options.calibrator)
              : nn::Quantization{};
    nn::Vector scales =
        legal_scales(all_scales[i], dense.bias, input, table ? pre_activation : output);
    const auto round = [&] {
      return options.rounding == Rounding::gptq
                 ? round_gptq(dense.weights, scales, bits,
                              input_hessian(seen, options.bias_correction))
                 : round_nearest(dense.weights, scales, bits);
    };
    nn::Int8Matrix weights = round();
    if (shorten_sums({weights, rounded_bias(dense.bias, scales, input), scales, input, output},
                     scales)) {
      weights = round();
    }
    nn::DenseLayer shown{nn::dequantize_weights(weights, scales), dense.bias, dense.activation};
    if (options.bias_correction) shown.bias = corrected_bias(dense, shown.weights, exact, seen);
    quantized.layers.emplace_back(nn::Int8Layer{weights, rounded_bias(shown.bias, scales, input),
                                                scales, input, output, activation, pre_activation,
                                                options.requantizing});
    seen = through_int8(nn::forward(shown, seen), output);
    exact = std::move(outputs);
    input = output;
  }
  check_layers(quantized, context.train);
  return quantized;
}

}  // namespace pare::compress
