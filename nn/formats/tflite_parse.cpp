#include <fmt/format.h>
#include <tflite_generated.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "nn/formats/tflite_graph.h"

static_assert(std::endian::native == std::endian::little, "TFLite's data is little-endian");

namespace pare::nn::tflite {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

const schema::Model& verified(std::string_view file) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(file.data());
  constexpr std::size_t kHead = 8;  // where the first table is, and the identifier
  if (file.size() < kHead || !schema::ModelBufferHasIdentifier(bytes)) {
    fail("it is not a TFLite file: its bytes 4 to 7 are not TFL3");
  }
  if (file.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) fail("it has 2 GB or more");
  flatbuffers::Verifier verifier(bytes, file.size());
  if (!schema::VerifyModelBuffer(verifier)) {
    fail("it is cut or damaged: its tables do not lie within it");
  }
  const schema::Model& model = *schema::GetModel(bytes);
  if (model.version() != kSchemaVersion) {
    fail(fmt::format("its schema has version {}; {} is read", model.version(), kSchemaVersion));
  }
  return model;
}

/// Copies the tables of a file, as far as there is room.
class Parser {
 public:
  explicit Parser(std::string_view file) : model_(verified(file)), room_(room_for(file.size())) {}

  Graph graph() {
    const auto& subgraphs = required(model_.subgraphs(), "subgraph");
    if (subgraphs.size() != 1) {
      fail(fmt::format("it has {} subgraphs; a file of one is read",
                       subgraphs.size() == 2 ? "two" : fmt::to_string(subgraphs.size())));
    }
    const schema::SubGraph& subgraph = *subgraphs[0];
    Graph graph;
    for (const schema::Tensor* entry : required(subgraph.tensors(), "tensor")) {
      graph.tensors.push_back(tensor(*entry));
    }
    const std::size_t tensors = graph.tensors.size();
    for (const schema::Operator* entry : required(subgraph.operators(), "operator")) {
      Operator next = op(*entry);
      check_indices(next.inputs, -1, tensors);
      check_indices(next.outputs, 0, tensors);
      graph.operators.push_back(std::move(next));
    }
    graph.inputs = copy(subgraph.inputs());
    graph.outputs = copy(subgraph.outputs());
    check_indices(graph.inputs, 0, tensors);
    check_indices(graph.outputs, 0, tensors);
    graph.sources = sources(graph);
    return graph;
  }

 private:
  template <class T>
  static const T& required(const T* list, std::string_view of) {
    if (list == nullptr || list->size() == 0) fail(fmt::format("it has no {}", of));
    return *list;
  }

  static void check_indices(const std::vector<std::int32_t>& indices, std::int64_t least,
                            std::size_t tensors) {
    for (const std::int32_t index : indices) {
      if (index < least || index >= static_cast<std::int64_t>(tensors)) {
        fail(fmt::format("it is damaged: it names tensor {} of {}", index, tensors));
      }
    }
  }

  static std::vector<std::int32_t> sources(const Graph& graph) {
    std::vector<std::int32_t> sources(graph.tensors.size());
    std::iota(sources.begin(), sources.end(), 0);
    for (const Operator& op : graph.operators) {
      if (op.name != "DEQUANTIZE" || op.inputs.size() != 1 || op.outputs.size() != 1) continue;
      const std::int32_t from = op.inputs[0];
      if (from < 0 || graph.tensors[static_cast<std::size_t>(from)].data.empty()) continue;
      sources[static_cast<std::size_t>(op.outputs[0])] = from;
    }
    return sources;
  }

  void count(std::size_t bytes) {
    if (bytes > room_) fail("it is damaged: its tables name the same bytes again and again");
    room_ -= bytes;
  }

  template <class T>
  std::vector<T> copy(const flatbuffers::Vector<T>* values) {
    if (values == nullptr) return {};
    count(values->size() * sizeof(T));
    return {values->begin(), values->end()};
  }

  std::string copy(const flatbuffers::String* text) {
    if (text == nullptr) return {};
    count(text->size());
    return text->str();
  }

  Tensor tensor(const schema::Tensor& entry) {
    count(sizeof(Tensor));
    Tensor result{copy(entry.name()), copy(entry.shape()),
                  schema::EnumNameTensorType(entry.type())};
    if (result.type.empty()) result.type = "of an unknown type";
    result.data = data(entry.buffer());
    if (const schema::QuantizationParameters* from = entry.quantization()) {
      result.scales = copy(from->scale());
      result.zero_points = copy(from->zero_point());
      result.scaled_dimension = from->quantized_dimension();
    }
    result.signature = copy(entry.shape_signature());
    result.sparse = entry.sparsity() != nullptr;
    return result;
  }

  std::string_view data(std::uint32_t index) const {
    const auto& buffers = required(model_.buffers(), "buffer");
    if (index >= buffers.size()) {
      fail(fmt::format("it is damaged: it names buffer {} of {}", index, buffers.size()));
    }
    const schema::Buffer& buffer = *buffers[index];
    if (buffer.offset() > 1) fail("its weights lie behind its tables, as in files beyond 2 GB");
    if (buffer.data() == nullptr) return {};
    return {reinterpret_cast<const char*>(buffer.data()->data()), buffer.data()->size()};
  }

  Operator op(const schema::Operator& entry) {
    count(sizeof(Operator));
    const auto& codes = required(model_.operator_codes(), "operator code");
    if (entry.opcode_index() >= codes.size()) {
      fail(fmt::format("it is damaged: it names operator code {} of {}", entry.opcode_index(),
                       codes.size()));
    }
    const schema::OperatorCode& code = *codes[entry.opcode_index()];
    Operator result{name(code), code.version(), copy(entry.inputs()), copy(entry.outputs())};
    read_options(entry, result);
    return result;
  }

  static void read_options(const schema::Operator& from, Operator& to) {
    const void* const options = from.builtin_options();
    if (options == nullptr) return;
    const auto take_fused = [&](const auto& some) {
      to.fused = schema::EnumNameActivationFunctionType(some.fused_activation_function());
      if (to.fused.empty()) to.fused = "unknown activation";
    };
    switch (from.builtin_options_type()) {
      case schema::BuiltinOptions::FULLY_CONNECTED: {
        const auto& dense = *static_cast<const schema::FullyConnectedOptions*>(options);
        take_fused(dense);
        to.shuffled = dense.weights_format() != schema::WeightsFormat::DEFAULT;
        return;
      }
      case schema::BuiltinOptions::ADD:
      case schema::BuiltinOptions::SUB:
      case schema::BuiltinOptions::MUL:
      case schema::BuiltinOptions::DIV:
        return take_fused(*static_cast<const schema::FusedOptions*>(options));
      case schema::BuiltinOptions::SOFTMAX:
        to.beta = static_cast<const schema::SoftmaxOptions*>(options)->beta();
        return;
      case schema::BuiltinOptions::LEAKY_RELU:
        to.alpha = static_cast<const schema::LeakyReluOptions*>(options)->alpha();
        return;
      case schema::BuiltinOptions::GELU:
        to.approximate = static_cast<const schema::GeluOptions*>(options)->approximate();
        return;
      case schema::BuiltinOptions::NONE:
        return;
    }
  }

  /// Old files have a code of 8 bits alone; new ones have both.
  static schema::BuiltinOperator builtin(const schema::OperatorCode& code) {
    return std::max(static_cast<schema::BuiltinOperator>(code.deprecated_builtin_code()),
                    code.builtin_code());
  }

  std::string name(const schema::OperatorCode& code) {
    const schema::BuiltinOperator number = builtin(code);
    if (number == schema::BuiltinOperator::CUSTOM)
      return std::string(kCustom) + copy(code.custom_code());
    const std::string_view known = schema::EnumNameBuiltinOperator(number);
    return known.empty() ? fmt::format("operator code {}", static_cast<int>(number))
                         : std::string(known);
  }

  const schema::Model& model_;
  std::size_t room_;  ///< bytes that may still be copied
};

}  // namespace

Graph parse(std::string_view file) { return Parser(file).graph(); }

std::string printable(std::string_view name) {
  constexpr std::size_t kLongest = 60;
  std::string text(name.substr(0, kLongest));
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return name.size() > kLongest ? text + "..." : text;
}

std::string in_quotes(std::string_view name) { return fmt::format("'{}'", printable(name)); }

}  // namespace pare::nn::tflite
