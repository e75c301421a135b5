#include "bench/board_peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <span>
#include <stdexcept>

#include "bench/measure.h"
#include "bench/validate.h"
#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"
#include "mcu/export_sketch.h"
#include "mcu/process.h"
#include "nn/quantization.h"

namespace pare::bench {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

/// Fewer than ours has: the most among them can only be less.
constexpr nn::Index kPeerVectors = 4;

BoardFigures best(const BoardFigures& a, const BoardFigures& b) {
  return {std::min(a.instructions, b.instructions), std::min(a.cycles_estimate, b.cycles_estimate),
          std::min(a.flash_bytes, b.flash_bytes), std::min(a.ram_bytes, b.ram_bytes),
          std::min(a.zero_wait_cycles, b.zero_wait_cycles)};
}

/// A constant array; `values` is a matrix or a vector of float, int8 or int32.
template <class Values>
std::string array(mcu::ElementType type, std::string_view name, const Values& values) {
  static_assert(std::endian::native == std::endian::little);
  const std::string_view c_type = type == mcu::ElementType::float32 ? "float"
                                  : type == mcu::ElementType::int32 ? "int32_t"
                                                                    : "int8_t";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
  const auto count = static_cast<std::size_t>(values.size());
  return fmt::format(
      "static const {} {}[{}] = {{\n{}}};\n", c_type, name, count,
      mcu::c_values(type, std::span(bytes, count * mcu::element_bytes(type)), "   "));
}

/// Between the layers: two buffers that take turns, each as large as the widest it holds.
std::string buffers(const nn::Model& model, std::string_view type) {
  nn::Index size[2] = {0, 0};
  for (std::size_t i = 0; i + 1 < model.layers.size(); ++i) {
    size[i % 2] = std::max(size[i % 2], nn::output_count(model.layers[i]));
  }
  std::string text;
  for (const int i : {0, 1}) {
    if (size[i] > 0) text += fmt::format("static {} buffer{}[{}];\n", type, i, size[i]);
  }
  return text;
}

std::string source_of(std::size_t layer) {
  return layer == 0 ? "inputs" : fmt::format("buffer{}", (layer - 1) % 2);
}

std::string target_of(const nn::Model& model, std::size_t layer) {
  return layer + 1 == model.layers.size() ? "outputs" : fmt::format("buffer{}", layer % 2);
}

/// The model with the inputs' zero points folded into its biases.
nn::Int32Vector folded_bias(const nn::Int8Layer& layer) {
  return layer.bias -
         layer.input.zero_point * layer.weights.cast<std::int32_t>().rowwise().sum().eval();
}

std::int32_t least_output(const nn::Int8Layer& layer) {
  return layer.activation == nn::Activation::relu ? layer.output.zero_point : -128;
}

struct ForeignCode {
  std::string includes;
  std::string declarations;
  std::string body;
};

void add_plain_c(const nn::Int8Layer& layer, std::size_t i, ForeignCode& code) {
  const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, 0);
  if (factor.shift >= 0) {
    throw std::invalid_argument(
        fmt::format("layer {}: the plain C loop shifts right, by at least 1", i + 1));
  }
  code.declarations += array(mcu::ElementType::int8, fmt::format("weights{}", i), layer.weights);
  code.declarations +=
      array(mcu::ElementType::int32, fmt::format("biases{}", i), folded_bias(layer));
  code.body += fmt::format("  plain_c::dense(weights{0}, biases{0}, {1}, {2}, {3}, {4}, {5}, {6}, ",
                           i, layer.weights.cols(), layer.weights.rows(), factor.multiplier,
                           -factor.shift, layer.output.zero_point, least_output(layer));
}

void add_plain_c(const nn::DenseLayer& layer, std::size_t i, ForeignCode& code) {
  code.declarations += array(mcu::ElementType::float32, fmt::format("weights{}", i), layer.weights);
  code.declarations += array(mcu::ElementType::float32, fmt::format("biases{}", i), layer.bias);
  code.body += fmt::format("  plain_c::dense(weights{0}, biases{0}, {1}, {2}, {3}, ", i,
                           layer.weights.cols(), layer.weights.rows(),
                           layer.activation == nn::Activation::relu);
}

ForeignCode plain_c(const nn::Model& model, std::string_view inlining) {
  ForeignCode code;
  code.includes =
      fmt::format("#define PLAIN_C_LAYER static {}\n#include \"plain_c.h\"\n", inlining);
  code.declarations =
      buffers(model, nn::arithmetic(model) == nn::Arithmetic::int8 ? "int8_t" : "float");
  code.body = "  using namespace pare::model;\n";
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    std::visit([&](const auto& layer) { add_plain_c(layer, i, code); }, model.layers[i]);
    code.body += fmt::format("{}, {});\n", source_of(i), target_of(model, i));
  }
  return code;
}

ForeignCode cmsis_nn(const nn::Model& model) {
  ForeignCode code{"#include \"cmsis_nn.h\"\n", buffers(model, "int8_t"),
                   "  using namespace pare::model;\n"};
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& layer = std::get<nn::Int8Layer>(model.layers[i]);
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, 0);
    code.declarations += array(mcu::ElementType::int8, fmt::format("weights{}", i), layer.weights);
    code.declarations += array(mcu::ElementType::int32, fmt::format("biases{}", i), layer.bias);
    code.declarations += fmt::format(
        "static const cmsis_nn::Layer layer{0} = {{weights{0}, biases{0}, {1}, {2}, {3}, {4}, {5}, "
        "{6}, {7}}};\n",
        i, layer.weights.cols(), layer.weights.rows(), layer.input.zero_point,
        layer.output.zero_point, least_output(layer), factor.multiplier, factor.shift);
    code.body +=
        fmt::format("  cmsis_nn::dense(layer{}, {}, {});\n", i, source_of(i), target_of(model, i));
  }
  return code;
}

BoardFigures measure(const nn::Model& model, const nn::Matrix& inputs, const ForeignCode& code,
                     const std::string& optimization, Strings more) {
  const mcu::TemporaryFolder folder;
  const fs::path build = folder.path() / "build";
  const mcu::Artefact artefact = mcu::make_artefact("peer", model, mcu::encode(model));
  const mcu::EncodedModel& encoded = artefact.encoded;
  const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, kPeerVectors);
  mcu::export_foreign_sketch(encoded,
                             mcu::foreign_model_header(encoded, artefact.name, code.includes,
                                                       code.declarations, code.body),
                             vectors, folder.path() / "peer");
  mcu::export_empty_sketch(artefact, vectors, folder.path() / "empty");
  more.insert(more.end(), {"-I", PARE_SOURCE_DIR "/bench/peers"});
  const mcu::Image image = mcu::build_image(folder.path() / "peer", build, optimization, more);
  const mcu::Image empty = mcu::build_image(folder.path() / "empty", build, optimization);

  mcu::EmulatedBoard board(image, {.timing_plugin = PARE_TIMING_PLUGIN});
  const auto infer = [&](const Bytes& input) { return board.client().infer(input); };
  if (!compare(model, {infer}, vectors).agrees) {
    throw std::runtime_error(
        fmt::format("a peer compiled with {} does not give the reference's outputs", optimization));
  }
  BoardFigures figures{0, 0, static_cast<double>(image.flash_bytes - empty.flash_bytes),
                       static_cast<double>(image.ram_bytes - empty.ram_bytes + image.buffer_bytes)};
  for (const mcu::Timing& timing : board.stop()) {
    figures.instructions = std::max(figures.instructions, static_cast<double>(timing.instructions));
    figures.cycles_estimate =
        std::max(figures.cycles_estimate, static_cast<double>(flash_cycles_of(timing)));
    figures.zero_wait_cycles =
        std::max(figures.zero_wait_cycles, static_cast<double>(timing.cycles));
  }
  return figures;
}

std::string describe_checkout(const fs::path& checkout) {
  const mcu::ProcessResult result =
      mcu::run_process({"/usr/bin/env", "git", "-C", checkout, "log", "-1", "--format=%h of %cs"});
  if (result.exit_code != 0) return checkout;
  return result.output.substr(0, result.output.find('\n'));
}

}  // namespace

BoardFigures measure_plain_c(const nn::Model& model, const nn::Matrix& inputs,
                             const std::string& optimization) {
  const auto measure_with = [&](std::string_view inlining) {
    return measure(model, inputs, plain_c(model, inlining), optimization, {});
  };
  return best(measure_with("__attribute__((noinline, noclone))"),
              measure_with("inline __attribute__((always_inline))"));
}

CmsisNn::CmsisNn(fs::path checkout) : checkout_(std::move(checkout)) {
  if (!fs::exists(checkout_ / "Include/arm_nnfunctions.h")) {
    throw std::invalid_argument(
        fmt::format("{} holds no Include/arm_nnfunctions.h: --cmsis-nn takes a checkout of "
                    "https://github.com/ARM-software/CMSIS-NN",
                    checkout_.string()));
  }
  version_ = describe_checkout(checkout_);
}

BoardFigures CmsisNn::measure(const nn::Model& model, const nn::Matrix& inputs,
                              const std::string& optimization) const {
  const ForeignCode code = cmsis_nn(model);
  std::optional<BoardFigures> figures;
  for (const char* library_optimization : {"-Os", "-O2", "-O3"}) {
    const mcu::TemporaryFolder folder;
    Strings more{"-I", checkout_ / "Include"};
    for (const char* source : {"FullyConnectedFunctions/arm_fully_connected_s8",
                               "NNSupportFunctions/arm_nn_vec_mat_mult_t_s8"}) {
      more.push_back(folder.path() / (fs::path(source).filename().string() + ".o"));
      mcu::compile_c(checkout_ / "Source" / (source + std::string(".c")), more.back(),
                     library_optimization, {"-I", checkout_ / "Include"});
    }
    const BoardFigures these = bench::measure(model, inputs, code, optimization, more);
    figures = figures ? best(*figures, these) : these;
  }
  return *figures;
}

}  // namespace pare::bench
