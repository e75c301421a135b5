// TFLite Micro's own sine models, and the int8 outputs that TFLite Micro gives for 1,000 inputs:
// files from outside; tests/data/NOTICE says from where.
#include <doctest/doctest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <numbers>

#include "build_paths.h"
#include "mcu/host_kernel.h"
#include "nn/forward.h"
#include "nn/json_text.h"
#include "tests/helpers.h"

using namespace pare;

namespace {

const std::filesystem::path kData = std::filesystem::path(PARE_SOURCE_DIR) / "tests/data";

/// One table of a FlatBuffer, its fields by number. Source: FlatBuffers internals, "Tables"; the
/// numbers are those of TensorFlow's schema.fbs.
class FlatTable {
 public:
  FlatTable(const std::string& bytes, std::size_t at) : bytes_(&bytes), at_(at) {}

  static FlatTable root(const std::string& bytes) { return {bytes, read<std::uint32_t>(bytes, 0)}; }

  template <class T>
  T number(std::size_t field) const {
    const std::size_t place = find(field);
    return place == 0 ? T{} : read<T>(*bytes_, place);
  }

  FlatTable table(std::size_t field) const { return {*bytes_, follow(find(field))}; }

  FlatTable table(std::size_t field, std::size_t index) const {
    return {*bytes_, follow(follow(find(field)) + 4 + 4 * index)};
  }

  template <class T>
  std::vector<T> numbers(std::size_t field) const {
    if (find(field) == 0) return {};
    const std::size_t begin = follow(find(field));
    std::vector<T> values(read<std::uint32_t>(*bytes_, begin));
    std::memcpy(values.data(), bytes_->data() + begin + 4, values.size() * sizeof(T));
    return values;
  }

  std::size_t count(std::size_t field) const {
    return read<std::uint32_t>(*bytes_, follow(find(field)));
  }

 private:
  template <class T>
  static T read(const std::string& bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
  }

  std::size_t follow(std::size_t place) const {
    return place + read<std::uint32_t>(*bytes_, place);
  }

  std::size_t find(std::size_t field) const {
    const std::size_t fields = at_ - static_cast<std::size_t>(read<std::int32_t>(*bytes_, at_));
    if (4 + 2 * field >= read<std::uint16_t>(*bytes_, fields)) return 0;
    const std::size_t offset = read<std::uint16_t>(*bytes_, fields + 4 + 2 * field);
    return offset == 0 ? 0 : at_ + offset;
  }

  const std::string* bytes_;
  std::size_t at_;
};

struct Tensor {
  std::vector<std::int32_t> shape;
  std::vector<std::uint8_t> data;
  std::vector<float> scales;  ///< none of float32
  std::int32_t zero_point = 0;
};

Tensor read_tensor(const FlatTable& model, const FlatTable& graph, std::int32_t index) {
  const FlatTable tensor = graph.table(0, static_cast<std::size_t>(index));
  const FlatTable quantization = tensor.table(4);
  const FlatTable buffer = model.table(4, tensor.number<std::uint32_t>(2));
  Tensor result{tensor.numbers<std::int32_t>(0), buffer.numbers<std::uint8_t>(0),
                quantization.numbers<float>(2), 0};
  for (const std::int64_t zero_point : quantization.numbers<std::int64_t>(3)) {
    result.zero_point = static_cast<std::int32_t>(zero_point);
  }
  return result;
}

/// Fills the weights and biases of a layer of either kind.
template <class Layer>
Layer with_parameters(Layer layer, const Tensor& weights, const Tensor& bias) {
  layer.weights.resize(weights.shape[0], weights.shape[1]);
  layer.bias.resize(weights.shape[0]);
  std::memcpy(layer.weights.data(), weights.data.data(), weights.data.size());
  std::memcpy(layer.bias.data(), bias.data.data(), bias.data.size());
  return layer;
}

/// A .tflite file of FULLY_CONNECTED operators only, all float32 or all int8.
nn::Model read_tflite(const std::string& bytes) {
  const FlatTable model = FlatTable::root(bytes);
  const FlatTable graph = model.table(2, 0);
  nn::Model result;
  for (std::size_t i = 0; i < graph.count(3); ++i) {
    const FlatTable op = graph.table(3, i);
    const auto ins = op.numbers<std::int32_t>(1);
    const Tensor input = read_tensor(model, graph, ins[0]);
    const Tensor weights = read_tensor(model, graph, ins[1]);
    const Tensor bias = read_tensor(model, graph, ins[2]);
    const Tensor output = read_tensor(model, graph, op.numbers<std::int32_t>(2)[0]);
    const nn::Activation activation =
        op.table(4).number<std::int8_t>(0) == 1 ? nn::Activation::relu : nn::Activation::identity;
    if (weights.scales.empty()) {
      result.layers.emplace_back(
          with_parameters(nn::DenseLayer{{}, {}, activation}, weights, bias));
      continue;
    }
    nn::Int8Layer layer{{},
                        {},
                        Eigen::Map<const nn::Vector>(weights.scales.data(),
                                                     static_cast<nn::Index>(weights.scales.size())),
                        {input.scales[0], input.zero_point},
                        {output.scales[0], output.zero_point},
                        activation};
    result.layers.emplace_back(with_parameters(std::move(layer), weights, bias));
  }
  return result;
}

nlohmann::json golden() {
  return nn::parse_json(tests::read_file(kData / "hello_world_int8_golden.json"));
}

}  // namespace

TEST_CASE("the reference and the kernel give TFLite Micro's bytes for its own sine model") {
  const auto inputs = golden().at("q_in").get<std::vector<std::int8_t>>();
  const auto expected = golden().at("q_out").get<std::vector<std::int8_t>>();
  REQUIRE(inputs.size() == 1000);
  const nn::Model model = read_tflite(tests::read_file(kData / "hello_world_int8.tflite"));
  CHECK(nn::parameter_count(model) == 321);
  mcu::HostKernel kernel(mcu::encode(model));
  int reference_equal = 0;
  int kernel_equal = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::int8_t output = 0;
    kernel.infer(&inputs[i], &output);
    kernel_equal += output == expected[i] ? 1 : 0;
    const nn::Int8Matrix reference =
        nn::forward_int8(model, nn::Int8Matrix::Constant(1, 1, inputs[i]));
    reference_equal += reference(0, 0) == expected[i] ? 1 : 0;
  }
  CHECK(reference_equal == 1000);
  CHECK(kernel_equal == 1000);
}

TEST_CASE("TFLite Micro's sine models are as far from the sine here as in TFLite Micro") {
  const nn::Matrix inputs =
      Eigen::VectorXf::LinSpaced(1000, 0, 2 * std::numbers::pi_v<float>).eval();
  const auto mse = [&](const char* name) {
    const nn::Model model = read_tflite(tests::read_file(kData / name));
    const nn::Matrix error = nn::forward(model, inputs).array() - inputs.array().sin();
    return error.squaredNorm() / 1000;
  };
  CHECK(mse("hello_world_float.tflite") == doctest::Approx(2.3e-4).epsilon(0.02));
  CHECK(mse("hello_world_int8.tflite") == doctest::Approx(1.03e-3).epsilon(0.01));
}
