#include "mcu/component_functions.h"

#include <fmt/format.h>

#include <span>
#include <string_view>
#include <vector>

#include "mcu/c_source.h"
#include "nn/ends.h"

namespace pare::mcu {
namespace {

/// By its bits: -ffast-math takes for granted what arithmetic would ask.
constexpr std::string_view kIsFinite = R"(bool is_finite(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7F800000u) != 0x7F800000u;
}

)";

constexpr std::string_view kQuantize = R"(int8_t quantize(float value) {{
  const float steps = roundf(value / {0}_INPUT_SCALE) + static_cast<float>({0}_INPUT_ZERO_POINT);
  return static_cast<int8_t>(steps < -128.0f ? -128.0f : steps > 127.0f ? 127.0f : steps);
}}

)";

constexpr std::string_view kPredictInt8 = R"(
int {0}_predict(const float features[{1}_INPUTS], float outputs[{1}_OUTPUTS]) {{
  static int8_t raw_inputs[{1}_INPUTS];
  static int8_t raw_outputs[{1}_OUTPUTS];
  for (int i = 0; i < {1}_INPUTS; ++i) {{
    if (!is_finite(features[i])) return -1;
    raw_inputs[i] = quantize({2});
  }}
  {0}_infer(raw_inputs, raw_outputs);
  for (int i = 0; i < {1}_OUTPUTS; ++i) {{
    outputs[i] = {1}_OUTPUT_SCALE * static_cast<float>(raw_outputs[i] - {1}_OUTPUT_ZERO_POINT);
  }}
{3}  return 0;
}}
)";

constexpr std::string_view kPredictFloat = R"(
int {0}_predict(const float features[{1}_INPUTS], float outputs[{1}_OUTPUTS]) {{
  for (int i = 0; i < {1}_INPUTS; ++i) {{
    if (!is_finite(features[i])) return -1;
  }}
  {0}_infer(features, outputs);
{3}  return 0;
}}
)";

/// With inputs that have to be scaled first.
constexpr std::string_view kPredictScaledFloat = R"(
int {0}_predict(const float features[{1}_INPUTS], float outputs[{1}_OUTPUTS]) {{
  static float scaled[{1}_INPUTS];
  for (int i = 0; i < {1}_INPUTS; ++i) {{
    if (!is_finite(features[i])) return -1;
    scaled[i] = {2};
  }}
  {0}_infer(scaled, outputs);
{3}  return 0;
}}
)";

constexpr std::string_view kClassify = R"(
int {0}_classify(const float features[{1}_INPUTS], float* confidence) {{
  float logits[{1}_OUTPUTS];
  if ({0}_predict(features, logits) != 0) return -1;
  int best = 0;
  for (int i = 1; i < {1}_OUTPUTS; ++i) {{
    if (logits[i] > logits[best]) best = i;
  }}
  if (confidence != nullptr) {{
    float sum = 0;
    for (int i = 0; i < {1}_OUTPUTS; ++i) sum += expf(logits[i] - logits[best]);
    *confidence = 1 / sum;
  }}
  return best;
}}
)";

constexpr std::string_view kClassifyBinary = R"(
int {0}_classify(const float features[{1}_INPUTS], float* confidence) {{
  float probability;  // of class 1
  if ({0}_predict(features, &probability) != 0) return -1;
  const int best = probability >= 0.5f ? 1 : 0;
  if (confidence != nullptr) *confidence = best == 1 ? probability : 1.0f - probability;
  return best;
}}
)";

constexpr std::string_view kLabel = R"(
const char* {0}_label(int index) {{
  static const char* const labels[] = {{{1}}};
  return index >= 0 && index < {2} ? labels[index] : "?";
}}
)";

std::string c_string(const std::string& text) {
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 32 && byte <= 126 && c != '"' && c != '\\' && c != '?';
    // Octal, of three digits: what follows cannot join it.
    literal += plain ? std::string(1, c) : fmt::format("\\{:03o}", byte);
  }
  return literal + "\"";
}

/// A constant array, or nothing where there is no number in `row`.
std::string array(std::string_view name, const nn::RowVector& row) {
  if (row.size() == 0) return {};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(row.data());
  const std::size_t size = sizeof(float) * static_cast<std::size_t>(row.size());
  return fmt::format("const float {}[] = {{\n{}}};\n\n", name,
                     c_values(ElementType::float32, {bytes, size}, " "));
}

/// What the first layer sees of features[i], and the constants that it takes.
struct Seen {
  std::string constants;
  std::string expression;
};

Seen seen_input(const nn::Inputs& ends) {
  Seen seen{array("input_offset", ends.offset) + array("input_factor", ends.factor), "features[i]"};
  if (ends.offset.size() != 0) seen.expression = "(features[i] - input_offset[i])";
  if (ends.factor.size() != 0) seen.expression += " * input_factor[i]";
  if (ends.activation != nn::Activation::identity) {
    seen.constants +=
        fmt::format("constexpr auto input_activation = {};\n\n", c_function(ends.activation));
    seen.expression = fmt::format("input_activation({})", seen.expression);
  }
  return seen;
}

/// The statement that brings the outputs into the user's units; empty if they are.
std::string scaled_outputs(const nn::Outputs& ends, const std::string& prefix) {
  if (ends.factor.size() == 0 && ends.offset.size() == 0) return {};
  return fmt::format("  for (int i = 0; i < {}_OUTPUTS; ++i) outputs[i] = outputs[i]{}{};\n",
                     prefix, ends.factor.size() == 0 ? "" : " * output_factor[i]",
                     ends.offset.size() == 0 ? "" : " + output_offset[i]");
}

std::string label_function(const nn::Model& model, const std::string& name) {
  const std::vector<std::string> labels = nn::class_names(model);
  std::string names;
  for (const std::string& label : labels) names += (names.empty() ? "" : ", ") + c_string(label);
  return fmt::format(fmt::runtime(kLabel), name, names, labels.size());
}

}  // namespace

std::string component_functions(const Artefact& artefact, const std::string& name,
                                const std::string& prefix) {
  const nn::Model& model = artefact.model;
  const bool int8 = is_int8(artefact.encoded);
  const Seen seen = seen_input(model.inputs);
  std::string text = "namespace {\n\n";
  text += kIsFinite;
  if (int8) text += fmt::format(fmt::runtime(kQuantize), prefix);
  text += seen.constants + array("output_factor", model.outputs.factor) +
          array("output_offset", model.outputs.offset) + "}  // namespace\n";
  std::string_view predict = int8 ? kPredictInt8 : kPredictFloat;
  if (!int8 && seen.expression != "features[i]") predict = kPredictScaledFloat;
  text += fmt::format(fmt::runtime(predict), name, prefix, seen.expression,
                      scaled_outputs(model.outputs, prefix));
  if (!nn::is_classifier(model)) return text;
  text +=
      fmt::format(fmt::runtime(nn::is_binary(model) ? kClassifyBinary : kClassify), name, prefix);
  return text + label_function(model, name);
}

}  // namespace pare::mcu
