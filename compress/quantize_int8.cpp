#include <algorithm>
#include <cmath>
#include <optional>

#include "compress/define_pass.h"
#include "nn/forward.h"
#include "nn/quantization.h"

namespace pare::compress {
namespace {

enum class Granularity : std::uint8_t { row, tensor };
enum class Calibration : std::uint8_t { min_max, percentile };

/// The int8 quantization of a tensor that takes the given values; those outside
/// [100 - percentile, percentile] % of them may saturate.
nn::Quantization calibrate(const nn::Matrix& values, double percentile) {
  std::vector<float> sorted(values.data(), values.data() + values.size());
  const double last = static_cast<double>(sorted.size() - 1);
  const auto high = static_cast<std::ptrdiff_t>(std::round(percentile / 100 * last));
  const auto low = static_cast<std::ptrdiff_t>(last) - high;
  std::nth_element(sorted.begin(), sorted.begin() + low, sorted.end());
  const float least = sorted[static_cast<std::size_t>(low)];
  std::nth_element(sorted.begin(), sorted.begin() + high, sorted.end());
  return nn::choose_quantization(least, sorted[static_cast<std::size_t>(high)]);
}

/// The scale that maps the largest |weight| to 127, widened where a bias would not fit 30 bits; for
/// weights that are all 0 one that makes the bias's unit the output's.
float weight_scale(float largest_weight, float largest_bias, float input_scale,
                   float output_scale) {
  const float scale = largest_weight > 0 ? largest_weight / 127 : output_scale / input_scale;
  return std::max(scale, largest_bias / (input_scale * 0x1p29F));
}

nn::Int8Layer quantize(const nn::DenseLayer& dense, Granularity granularity,
                       const nn::Quantization& input, const nn::Quantization& output) {
  const nn::Index outputs = dense.weights.rows();
  nn::Int8Layer layer{nn::Int8Matrix(outputs, dense.weights.cols()),
                      nn::Int32Vector(outputs),
                      nn::Vector(granularity == Granularity::row ? outputs : 1),
                      input,
                      output,
                      dense.activation};
  for (nn::Index i = 0; i < layer.weight_scales.size(); ++i) {
    const bool whole = granularity == Granularity::tensor;
    layer.weight_scales[i] =
        whole ? weight_scale(dense.weights.cwiseAbs().maxCoeff(), dense.bias.cwiseAbs().maxCoeff(),
                             input.scale, output.scale)
              : weight_scale(dense.weights.row(i).cwiseAbs().maxCoeff(), std::abs(dense.bias[i]),
                             input.scale, output.scale);
  }
  for (nn::Index row = 0; row < outputs; ++row) {
    const float scale = layer.weight_scales[layer.weight_scales.size() == 1 ? 0 : row];
    for (nn::Index i = 0; i < dense.weights.cols(); ++i) {
      const float steps = std::round(dense.weights(row, i) / scale);
      layer.weights(row, i) = static_cast<std::int8_t>(std::clamp(steps, -127.0F, 127.0F));
    }
    const double unit = double{input.scale} * double{scale};
    layer.bias[row] = static_cast<std::int32_t>(std::llround(double{dense.bias[row]} / unit));
  }
  return layer;
}

}  // namespace

/// Turns a float model into int8, after training: weights symmetric in [-127, 127], activations
/// with a zero point, ranges from the training inputs.
struct QuantizeInt8 {
  static constexpr PassInfo kInfo{
      .summary = "turns weights and activations into int8, after training",
      .source =
          "Jacob et al., \"Quantization and Training of Neural Networks for Efficient "
          "Integer-Arithmetic-Only Inference\", CVPR 2018, sections 2 and 3",
      .gives = nn::Arithmetic::int8};

  explicit QuantizeInt8(Options& options)
      : granularity(options.choice<Granularity>(
            "granularity", {{"row", Granularity::row}, {"tensor", Granularity::tensor}},
            "one weight scale for each output row, or for the whole layer")),
        calibration(options.choice<Calibration>(
            "calibration",
            {{"min_max", Calibration::min_max}, {"percentile", Calibration::percentile}},
            "which activation values the int8 range covers")),
        percentile(options.optional_number("percentile", {50, 100}, "99.99",
                                           "percent of the values covered at either end")) {
    if (percentile && calibration != Calibration::percentile) {
      options.fail("percentile", "percentile needs calibration = \"percentile\"");
    }
  }

  nn::Model operator()(nn::Model model, const Context& context) const {
    const double covered = calibration == Calibration::min_max ? 100 : percentile.value_or(99.99);
    nn::Matrix values = context.train.inputs;
    nn::Quantization input = calibrate(values, covered);
    for (nn::Layer& layer : model.layers) {
      const auto dense = std::get<nn::DenseLayer>(std::move(layer));
      values = nn::forward(dense, values);
      const nn::Quantization output = calibrate(values, covered);
      layer = quantize(dense, granularity, input, output);
      input = output;
    }
    return model;
  }

  Granularity granularity;
  Calibration calibration;
  std::optional<double> percentile;
};

template PassDefinition define<QuantizeInt8>(Options&);

}  // namespace pare::compress
