#include "compress/define_pass.h"
#include "compress/quantization.h"

namespace pare::compress {

/// Turns a float model into int8, after training or with training for it: weights symmetric in
/// [-127, 127], activations with a zero point, ranges from the training inputs.
struct QuantizeInt8 {
  static constexpr PassInfo kInfo{
      .summary = "turns weights and activations into int8",
      .source =
          "Jacob et al., \"Quantization and Training of Neural Networks for Efficient "
          "Integer-Arithmetic-Only Inference\", CVPR 2018, sections 2 and 3; entropy: Migacz, "
          "\"8-bit Inference with TensorRT\", GTC 2017; bias_correction: Nagel et al., ICCV 2019, "
          "section 4.2; gptq: Frantar et al., ICLR 2023, section 3",
      .gives = nn::Arithmetic::int8};

  explicit QuantizeInt8(Options& options)
      : scale_a_row(
            options.choice<bool>("granularity", {{"row", true}, {"tensor", false}},
                                 "one weight scale for each output row, or for the whole layer")),
        quantization(options, 0) {}

  nn::Model operator()(nn::Model model, const Context& context) const {
    const std::vector<WeightFormat> formats(model.layers.size(),
                                            {.bits = 8, .scale_a_row = scale_a_row});
    return quantize(std::move(model), formats, quantization, context);
  }

  bool scale_a_row;
  QuantizationOptions quantization;
};

template PassDefinition define<QuantizeInt8>(Options&);

}  // namespace pare::compress
