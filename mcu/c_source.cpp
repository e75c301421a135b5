#include "mcu/c_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "nn/activation.h"

namespace pare::mcu {
namespace {

constexpr std::size_t kLineWidth = 100;

template <class T>
T element(std::span<const std::uint8_t> bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

std::string literal(float value) {
  std::string text = fmt::format("{}", value);  // the shortest that reads back to the same bits
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string literal(std::int32_t value) {
  // -2147483648 is not a literal in C but the negation of one that does not fit.
  return value == INT32_MIN ? "INT32_MIN" : fmt::format("{}", value);
}

std::string literal(ElementType type, std::span<const std::uint8_t> bytes, std::size_t index) {
  switch (type) {
    case ElementType::float32:
      return literal(element<float>(bytes, index));
    case ElementType::int32:
      return literal(element<std::int32_t>(bytes, index));
    case ElementType::int8:
      return literal(std::int32_t{element<std::int8_t>(bytes, index)});
  }
  return {};
}

std::string_view c_type(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return "float";
    case ElementType::int32:
      return "int32_t";
    case ElementType::int8:
      return "int8_t";
  }
  return {};
}

std::span<const std::uint8_t> bytes_of(const EncodedModel& model, const EncodedArray& array) {
  return std::span(model.bytes).subspan(array.offset, array.count * element_bytes(array.type));
}

std::vector<EncodedArray> by_offset(const EncodedModel& model) {
  std::vector<EncodedArray> arrays = model.arrays;
  std::sort(arrays.begin(), arrays.end(),
            [](const EncodedArray& a, const EncodedArray& b) { return a.offset < b.offset; });
  return arrays;
}

std::string widths(const EncodedModel& model) {
  std::string text = fmt::format("{}", input_count(model));
  for (const EncodedLayer& layer : model.layers) text += fmt::format("-{}", layer.outputs);
  return text;
}

bool is_int8(const EncodedModel& model) { return model.arithmetic == nn::Arithmetic::int8; }

/// What the sketch needs to know of any model.
std::string interface(const EncodedModel& model, std::string_view name, std::size_t bytes,
                      std::uint32_t hash) {
  const nn::Quantization output = is_int8(model) ? model.layers.back().output : nn::Quantization{};
  return fmt::format(
      "using Value = {};\n"
      "constexpr char kName[] = \"{}\";\n"
      "constexpr int kInputs = {};\n"
      "constexpr int kOutputs = {};\n"
      "// real = scale * (quantized - zero point)\n"
      "constexpr float kInputScale = {};\n"
      "constexpr int kInputZeroPoint = {};\n"
      "constexpr float kOutputScale = {};\n"
      "constexpr int kOutputZeroPoint = {};\n"
      "constexpr uint32_t kParameterBytes = {};\n"
      "constexpr uint32_t kHash = 0x{:08x};  // CRC-32 of the parameters\n",
      is_int8(model) ? "int8_t" : "float", name, input_count(model), output_count(model),
      literal(model.input.scale), model.input.zero_point, literal(output.scale), output.zero_point,
      bytes, hash);
}

std::string parameters(const EncodedModel& model) {
  std::string declarations;
  std::string values;
  for (const EncodedArray& array : by_offset(model)) {
    declarations += fmt::format("  {} {}[{}];\n", c_type(array.type), array.name, array.count);
    values += fmt::format("    {{  // {}\n{}    }},\n", array.name,
                          c_values(array.type, bytes_of(model, array), "     "));
  }
  return fmt::format(
      "struct Parameters {{\n{}}};\n\nstatic const Parameters kParameters = {{\n{}}};\n\n",
      declarations, values);
}

std::string layer_entry(const EncodedModel& model, const EncodedLayer& layer) {
  const auto array = [&](std::size_t index) { return "kParameters." + model.arrays[index].name; };
  const bool relu = layer.activation == nn::Activation::relu;
  const std::string begin = fmt::format("{{{}, {}, ", array(layer.weights), array(layer.bias));
  if (!is_int8(model)) {
    return begin + fmt::format("{}, {}, {}}}", layer.inputs, layer.outputs, relu ? 1 : 0);
  }
  const std::int32_t zero_point = layer.requantized_zero_point;
  return begin + fmt::format("{}, {},\n     {}, {}, {}, {}}}", array(layer.multipliers),
                             array(layer.shifts), layer.inputs, layer.outputs, zero_point,
                             relu ? zero_point : -128);
}

/// A layer of the kernel for models with tanh or sigmoid.
std::string activated_entry(const EncodedModel& model, const EncodedLayer& layer) {
  const bool table = nn::has_table(layer.activation);
  const std::string activation =
      is_int8(model)
          ? (table ? "kParameters." + model.arrays[layer.table].name : "nullptr")
          : fmt::format("FloatActivation::{}", table ? nn::name(layer.activation) : "none");
  return fmt::format("{{{}, {}}}", layer_entry(model, layer), activation);
}

/// The kernel that can do every layer of a model: its type, and the header that holds it.
struct Kernel {
  std::string_view type;
  std::string_view file;
};

Kernel choose_kernel(const EncodedModel& model) {
  if (has_table_activation(model)) {
    return is_int8(model) ? Kernel{"TableInt8", "table_int8.h"}
                          : Kernel{"ActivatedFloat32", "activated_float32.h"};
  }
  return is_int8(model) ? Kernel{"DenseInt8", "dense_int8.h"}
                        : Kernel{"DenseFloat32", "dense_float32.h"};
}

constexpr std::string_view kBegin =
    "#pragma once\n\n#include <stdint.h>\n\n{}#include \"kernel_version.h\"\n#include "
    "\"optimize.h\"\n\n"
    "namespace pare {{\nnamespace model {{\n\n";
constexpr std::string_view kEnd = "}  // namespace model\n}  // namespace pare\n\n";
constexpr std::string_view kInfer =
    "/// One inference: kInputs values in, kOutputs values out.\n"
    "extern \"C\" PARE_NO_INLINE void pare_infer(const pare::model::Value* inputs,\n"
    "                                           pare::model::Value* outputs) {\n";

}  // namespace

std::string c_values(ElementType type, std::span<const std::uint8_t> bytes,
                     std::string_view indent) {
  std::string text;
  std::string line(indent);
  for (std::size_t i = 0; i < bytes.size() / element_bytes(type); ++i) {
    const std::string value = literal(type, bytes, i) + ",";
    if (line.size() + 1 + value.size() > kLineWidth) {
      text += line + "\n";
      line = indent;
    }
    line += " " + value;
  }
  return text + line + "\n";
}

std::string c_rows(nn::Arithmetic arithmetic, const std::vector<std::vector<std::uint8_t>>& rows) {
  const ElementType type =
      arithmetic == nn::Arithmetic::int8 ? ElementType::int8 : ElementType::float32;
  std::string text;
  for (const auto& row : rows)
    text += fmt::format("    {{\n{}    }},\n", c_values(type, row, "     "));
  return text;
}

std::string model_header(const EncodedModel& model, std::string_view name) {
  const Kernel kernel = choose_kernel(model);
  const auto entry = has_table_activation(model) ? activated_entry : layer_entry;
  std::string layers;
  for (const EncodedLayer& layer : model.layers) {
    layers += fmt::format("    {},\n", entry(model, layer));
  }
  const bool has_arena = model.arena_size > 0;
  std::string text = fmt::format(
      "// The model {}, {} in {}: {} bytes of parameters. Written by pare; export it again rather\n"
      "// than edit it.\n",
      name, widths(model), nn::name(model.arithmetic), model.bytes.size());
  text += fmt::format(fmt::runtime(kBegin),
                      fmt::format("#include \"{}\"\n#include \"infer.h\"\n", kernel.file));
  text += interface(model, name, model.bytes.size(), hash(model)) + "\n" + parameters(model);
  text += fmt::format("static const {} kLayers[] = {{\n{}}};\n\n", kernel.type, layers);
  if (has_arena) {
    text += fmt::format("static Value arena[{}];  // hidden activations\n\n", model.arena_size);
  }
  text += "inline const void* parameters() { return &kParameters; }\n\n";
  text += kEnd;
  text += kInfer;
  text += fmt::format("  pare::infer(pare::model::kLayers, {}, inputs, outputs, {}, {});\n}}\n",
                      model.layers.size(), has_arena ? "pare::model::arena" : "nullptr",
                      model.arena_size);
  return text;
}

std::string empty_model_header(const EncodedModel& model, std::string_view name) {
  std::string text = "// No model: what the size of a model is measured against.\n";
  text += fmt::format(fmt::runtime(kBegin), "");
  text += interface(model, name, 0, 0) + "\n";
  text += "inline const void* parameters() { return nullptr; }\n\n";
  text += kEnd;
  text += kInfer;
  text += "  asm volatile(\"\" : : \"r\"(inputs), \"r\"(outputs) : \"memory\");\n}\n";
  return text;
}

}  // namespace pare::mcu
