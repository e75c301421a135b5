#include <fmt/format.h>

#include <stdexcept>

#include "compress/define_pass.h"
#include "compress/quantization.h"

namespace pare::compress {

/// Turns a float model into int8 activations and weights of fewer bits, each row with a scale of
/// its own; with 1 bit, weights are -1 or 1, except for pruned ones, which stay 0.
struct QuantizeWeights {
  static constexpr PassInfo kInfo{
      .summary = "turns activations into int8 and weights into 1 to 8 bits; 2 is ternary",
      .source =
          "Li, Zhang, Liu, \"Ternary Weight Networks\", arXiv:1605.04711, 2016; for 1 bit "
          "Rastegari et al., \"XNOR-Net\", ECCV 2016, section 3.1",
      .gives = nn::Arithmetic::int8};

  explicit QuantizeWeights(Options& options)
      : bits(options.integers("bits", {4}, 1, {1, 8},
                              "bits of a weight: one number for each layer, or one for all")),
        quantization(options, 100) {}

  nn::Model operator()(nn::Model model, const Context& context) const {
    if (bits.size() != 1 && bits.size() != model.layers.size()) {
      throw std::invalid_argument(
          fmt::format("bits has {} numbers, the model {} layers; give one "
                      "number, or one for each layer",
                      bits.size(), model.layers.size()));
    }
    std::vector<WeightFormat> formats(model.layers.size());
    for (std::size_t i = 0; i < formats.size(); ++i) {
      formats[i].bits = static_cast<int>(bits[bits.size() == 1 ? 0 : i]);
    }
    return quantize(std::move(model), formats, quantization, context);
  }

  std::vector<std::int64_t> bits;
  QuantizationOptions quantization;
};

template PassDefinition define<QuantizeWeights>(Options&);

}  // namespace pare::compress
