#include "mcu/c_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

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

std::string literal(std::int32_t value) {
  // -2147483648 is not a literal in C but the negation of one that does not fit.
  return value == INT32_MIN ? "INT32_MIN" : fmt::format("{}", value);
}

std::string literal(ElementType type, std::span<const std::uint8_t> bytes, std::size_t index) {
  switch (type) {
    case ElementType::float32:
      return c_literal(element<float>(bytes, index));
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
      "constexpr uint32_t kKernelHash = 0x{:08x};  // CRC-32 of the layers' kernels\n"
      "constexpr uint32_t kHash = 0x{:08x};  // goes on from it over the parameters\n",
      is_int8(model) ? "int8_t" : "float", name, input_count(model), output_count(model),
      c_literal(model.input.scale), model.input.zero_point, c_literal(output.scale),
      output.zero_point, bytes, kernel_hash(model), hash);
}

std::string parameters(const EncodedModel& model, Memory weights) {
  std::string declarations;
  std::string values;
  for (const EncodedArray& array : by_offset(model)) {
    declarations += fmt::format("  {} {}[{}];\n", c_type(array.type), array.name, array.count);
    values += fmt::format("    {{  // {}\n{}    }},\n", array.name,
                          c_values(array.type, bytes_of(model, array), "     "));
  }
  const std::string_view object =
      weights == Memory::flash
          ? "static const Parameters kParameters"
          : "// In RAM: the start-up code copies it there.\n"
            "__attribute__((section(\".data.parameters\"))) static Parameters kParameters";
  return fmt::format("struct Parameters {{\n{}}};\n\n{} = {{\n{}}};\n\n", declarations, object,
                     values);
}

/// A layer's kernel object: where its arrays are, and its constants.
std::string layer_object(const EncodedModel& model, const EncodedLayer& layer) {
  std::string arrays;
  for (const std::size_t index : layer.arrays) {
    arrays += fmt::format("kParameters.{}, ", model.arrays[index].name);
  }
  return fmt::format("{{{}{}}}", arrays, layer.code.constants);
}

/// Whether a layer's object is worth a constant in flash. One of a few addresses is not: passing
/// them is less code than loading them.
bool has_constant(const EncodedLayer& layer) { return !layer.code.constants.empty(); }

/// The objects that are constants, which the compiler can look into.
std::string constant_objects(const EncodedModel& model) {
  std::string text;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const EncodedLayer& layer = model.layers[i];
    if (has_constant(layer)) {
      text += fmt::format("constexpr {} kLayer{} = {};\n", layer.code.type, i,
                          layer_object(model, layer));
    }
    if (layer.table) {
      text += fmt::format("constexpr TableInt8 kTable{} = {{kParameters.{}, {}, {}}};\n", i,
                          model.arrays[*layer.table].name, layer.requantized_zero_point,
                          layer.output.zero_point);
    }
  }
  return text.empty() ? text : text + "\n";
}

/// The headers that the model's layers need.
std::set<std::string> headers_of(const EncodedModel& model) {
  std::set<std::string> headers;
  if (is_int8(model)) headers.insert("widen_int8.h");
  for (const EncodedLayer& layer : model.layers) {
    headers.insert(layer.code.header);
    if (nn::has_table(layer.activation)) {
      headers.insert(is_int8(model) ? "table_int8.h" : "activate_float32.h");
    }
  }
  return headers;
}

/// Where the activations lie while a model computes.
std::string arena_of(const EncodedModel& model) {
  if (model.arena.size == 0) return {};
  return fmt::format("alignas(4) static {} arena[{}];  // activations\n\n",
                     is_int8(model) ? "int16_t" : "float", model.arena.size);
}

/// The statements of pare_infer(): one for each layer, and what comes before and after it.
std::vector<Statement> statements(const EncodedModel& model) {
  const auto activations = [&](std::size_t layer) {
    if (layer == model.layers.size()) return std::string("outputs");
    if (layer == 0 && !is_int8(model)) return std::string("inputs");
    return fmt::format("arena + {}", model.arena.inputs[layer]);
  };
  std::vector<Statement> lines;
  if (is_int8(model)) lines.push_back({"widen<kInputs, kInputZeroPoint>(inputs, arena);", {}});
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const EncodedLayer& layer = model.layers[i];
    const std::string object = has_constant(layer) ? fmt::format("kLayer{}", i)
                                                   : layer.code.type + layer_object(model, layer);
    lines.push_back({fmt::format("dense({}, {}, {});  // {}", object, activations(i),
                                 activations(i + 1), layer.encoding),
                     i});
    if (!nn::has_table(layer.activation)) continue;
    const std::string activation =
        layer.table ? fmt::format("kTable{}", i) : c_function(layer.activation);
    lines.push_back(
        {fmt::format("activate({}, {}, {});", activation, activations(i + 1), layer.outputs), i});
  }
  return lines;
}

constexpr std::string_view kBegin =
    "#pragma once\n\n#include <stdint.h>\n\n#include \"kernel_version.h\"\n#include "
    "\"optimize.h\"\n{}\n"
    "namespace pare {{\nnamespace model {{\n\n";
constexpr std::string_view kEnd = "}  // namespace model\n}  // namespace pare\n\n";
constexpr std::string_view kInfer =
    "/// One inference: kInputs values in, kOutputs values out.\n"
    "extern \"C\" PARE_NO_INLINE void pare_infer(const pare::model::Value* inputs,\n"
    "                                           pare::model::Value* outputs) {\n";

}  // namespace

std::string c_literal(float value) {
  std::string text = fmt::format("{}", value);  // the shortest that reads back to the same bits
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string c_function(nn::Activation activation) {
  const nn::ActivationInfo& info = activation.function().info;
  const std::string parameter =
      info.alpha ? fmt::format("constexpr float alpha = {}; ", c_literal(activation.alpha)) : "";
  return fmt::format("[](float x) -> float {{ {}return {}; }}", parameter, info.board_code);
}

std::string c_widths(const EncodedModel& model) {
  std::string text = fmt::format("{}", input_count(model));
  for (const EncodedLayer& layer : model.layers) text += fmt::format("-{}", layer.outputs);
  return text;
}

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

ModelCode model_code(const EncodedModel& model, Memory weights) {
  return {headers_of(model), parameters(model, weights) + constant_objects(model) + arena_of(model),
          statements(model)};
}

ModelSource model_source(const EncodedModel& model, std::string_view name, Memory weights) {
  ModelSource source;
  std::string& text = source.text;
  text = fmt::format(
      "// The model {}, {} in {}: {} bytes of parameters. Written by pare; export it again rather\n"
      "// than edit it.\n",
      name, c_widths(model), nn::name(model.arithmetic), model.bytes.size());
  const ModelCode code = model_code(model, weights);
  std::string includes;
  for (const std::string& header : code.headers)
    includes += fmt::format("#include \"{}\"\n", header);
  text += fmt::format(fmt::runtime(kBegin), includes);
  text += interface(model, name, model.bytes.size(), hash(model)) + "\n" + code.definitions;
  text += "inline const void* parameters() { return &kParameters; }\n\n";
  text += kEnd;
  text += kInfer;
  text += "  using namespace pare;\n  using namespace pare::model;\n";
  auto line = static_cast<unsigned>(1 + std::count(text.begin(), text.end(), '\n'));
  for (const Statement& statement : code.statements) {
    text += "  " + statement.text + "\n";
    if (statement.layer) source.layer_lines[line] = *statement.layer;
    ++line;
  }
  text += "}\n";
  return source;
}

std::string foreign_model_header(const EncodedModel& model, std::string_view name,
                                 std::string_view includes, std::string_view declarations,
                                 std::string_view body) {
  std::string text = fmt::format(fmt::runtime(kBegin), includes);
  text += interface(model, name, 0, 0) + "\n";
  text += fmt::format("{}inline const void* parameters() {{ return nullptr; }}\n\n", declarations);
  text += kEnd;
  text += kInfer;
  return fmt::format("{}{}}}\n", text, body);
}

std::string empty_model_header(const EncodedModel& model, std::string_view name) {
  return "// No model: what the size of a model is measured against.\n" +
         foreign_model_header(model, name, "", "",
                              "  asm volatile(\"\" : : \"r\"(inputs), \"r\"(outputs) : "
                              "\"memory\");\n");
}

}  // namespace pare::mcu
