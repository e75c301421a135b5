// ONNX's own tests of its operators: Debian's package libonnx-testdata, or nothing, which is said.
// A test is one node with inputs and outputs. Here its first input stays one, the others become
// constants, and what is no multi-layer perceptron by itself gets a dense layer that changes
// nothing. Source: onnx/onnx 1.12, onnx/backend/test/data.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "nn/formats/onnx_file.h"
#include "nn/forward.h"
#include "tests/nn/onnx_graph.h"

using namespace pare::nn;
using onnx::Tensor;
using onnx::Type;
using pare::tests::onnx_error;
using pare::tests::OnnxGraph;
using pare::tests::read_file;
using pare::tests::read_onnx;
namespace fs = std::filesystem;

namespace {

const fs::path kFolder = "/usr/share/libonnx-testdata/data";

struct Case {
  onnx::proto::Model file;
  std::vector<onnx::proto::Tensor> inputs;
  onnx::proto::Tensor output;
};

onnx::proto::Tensor read_proto(const fs::path& path) {
  onnx::proto::Tensor tensor;
  REQUIRE(tensor.ParseFromString(read_file(path)));
  return tensor;
}

Case read_case(const std::string& name) {
  Case result;
  REQUIRE(result.file.ParseFromString(read_file(kFolder / name / "model.onnx")));
  const fs::path data = kFolder / name / "test_data_set_0";
  for (int i = 0; fs::exists(data / fmt::format("input_{}.pb", i)); ++i) {
    result.inputs.push_back(read_proto(data / fmt::format("input_{}.pb", i)));
  }
  result.output = read_proto(data / "output_0.pb");
  // What was new in opset 7 is that Gemm always broadcasts, which those of opset 6 say that they
  // do.
  auto& opset = *result.file.mutable_opset_import(0);
  opset.set_version(std::max<std::int64_t>(7, opset.version()));
  auto& graph = *result.file.mutable_graph();
  for (std::size_t i = 1; i < result.inputs.size(); ++i) {
    *graph.add_initializer() = result.inputs[i];
    graph.mutable_initializer(graph.initializer_size() - 1)
        ->set_name(graph.input(static_cast<int>(i)).name());
  }
  return result;
}

/// [samples, width]; integers as the reals that they stand for.
Matrix samples(const onnx::proto::Tensor& source, Index width, float scale = 1, int zero = 0) {
  const Tensor tensor = onnx::tensor(onnx::File{}, source);
  const Eigen::RowVectorXf values = onnx::reals(tensor).cast<float>();
  const Matrix rows = Eigen::Map<const Matrix>(values.data(), values.size() / width, width);
  return (rows.array() - static_cast<float>(zero)) * scale;
}

float distance(const Matrix& a, const Matrix& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  return (a - b).cwiseAbs().maxCoeff();
}

/// Puts a dense layer that changes nothing between a value and the node that is to read it.
void add_identity(onnx::proto::Graph& graph, const std::string& value, const std::string& given,
                  Index width) {
  OnnxGraph dense;
  const int size = static_cast<int>(width);
  const Matrix identity = Matrix::Identity(width, width);
  dense.constant("identity", {size, size},
                 std::vector<float>(identity.data(), identity.data() + identity.size()));
  dense.node("Flatten", {value}, "flat");
  dense.node("MatMul", {"flat", "identity"}, given);
  graph.MergeFrom(dense.file.graph());
}

bool is_there() {
  if (fs::exists(kFolder)) return true;
  MESSAGE("skipped: the package libonnx-testdata is not installed");
  return false;
}

}  // namespace

TEST_CASE("ONNX's tests of Gemm and Linear give their outputs") {
  if (!is_there()) return;
  for (const char* name :
       {"node/test_gemm_alpha", "node/test_gemm_beta", "node/test_gemm_default_no_bias",
        "node/test_gemm_default_scalar_bias", "node/test_gemm_default_single_elem_vector_bias",
        "node/test_gemm_default_vector_bias", "node/test_gemm_default_zero_bias",
        "node/test_gemm_transposeB", "pytorch-converted/test_Linear",
        "pytorch-converted/test_Linear_no_bias"}) {
    CAPTURE(std::string(name));
    const Case test = read_case(name);
    const Model model = read_onnx(test.file.SerializeAsString()).model;
    const Matrix outputs = forward(model, samples(test.inputs[0], input_count(model)));
    CHECK(distance(outputs, samples(test.output, output_count(model))) < 1e-5F);
  }
}

TEST_CASE("ONNX's tests of activations and softmax give their outputs") {
  if (!is_there()) return;
  for (const char* name :
       {"test_relu", "test_leakyrelu", "test_leakyrelu_default", "test_leakyrelu_example",
        "test_elu", "test_elu_default", "test_elu_example", "test_sigmoid", "test_sigmoid_example",
        "test_tanh", "test_tanh_example", "test_softplus", "test_softplus_example", "test_identity",
        "test_dropout_default", "test_softmax_example", "test_softmax_large_number",
        "test_logsoftmax_example_1", "test_logsoftmax_large_number"}) {
    CAPTURE(std::string(name));
    Case test = read_case(std::string("node/") + name);
    onnx::proto::Graph& graph = *test.file.mutable_graph();
    const auto& dims = test.inputs[0].dims();
    const Index width = dims.Get(dims.size() - 1);
    auto& shape = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
    shape.clear_dim();
    shape.add_dim()->set_dim_param("batch");
    shape.add_dim()->set_dim_value(width);
    graph.mutable_node(0)->set_input(0, "dense");
    add_identity(graph, graph.input(0).name(), "dense", width);
    const Model model = read_onnx(test.file.SerializeAsString()).model;
    const Matrix outputs = forward(model, samples(test.inputs[0], width));
    CHECK(distance(outputs, samples(test.output, width)) < 2e-6F);
  }
}

TEST_CASE("ONNX's tests of BatchNormalization in four dimensions give their outputs") {
  if (!is_there()) return;
  for (const char* name : {"node/test_batchnorm_example", "node/test_batchnorm_epsilon"}) {
    Case test = read_case(name);
    onnx::proto::Graph& graph = *test.file.mutable_graph();
    graph.mutable_node(0)->set_output(0, "normalized");
    add_identity(graph, "normalized", graph.output(0).name(), 60);
    const Model model = read_onnx(test.file.SerializeAsString()).model;
    const Matrix outputs = forward(model, samples(test.inputs[0], 60));
    CHECK(distance(outputs, samples(test.output, 60)) < 2e-6F);
  }
}

TEST_CASE("ONNX's test of MatMulInteger gives its outputs") {
  if (!is_there()) return;
  const Case test = read_case("node/test_matmulinteger");
  const Model model = read_onnx(test.file.SerializeAsString()).model;
  const int zero = static_cast<unsigned char>(test.inputs[2].raw_data()[0]);
  CHECK(distance(forward(model, samples(test.inputs[0], 3, 1, zero)), samples(test.output, 2)) ==
        0);
}

TEST_CASE("ONNX's test of QLinearMatMul gives the outputs whose weights have 8 bits and a sign") {
  if (!is_there()) return;
  Case test = read_case("node/test_qlinearmatmul_2D");
  CHECK(onnx_error(test.file.SerializeAsString()) ==
        "an element of 'b' [4, 3] less its zero point is 140; weights have to be in [-127, 127]: "
        "quantize them symmetrically");
  // Those of the first column do.
  for (onnx::proto::Tensor& tensor : *test.file.mutable_graph()->mutable_initializer()) {
    if (tensor.name() != "b") continue;
    const std::string all = tensor.raw_data();
    tensor.set_dims(1, 1);
    tensor.set_raw_data(std::string{all[0], all[3], all[6], all[9]});
  }
  const auto number = [&](std::size_t input) {
    return onnx::real(onnx::tensor(onnx::File{}, test.inputs[input]));
  };
  const Model model = read_onnx(test.file.SerializeAsString()).model;
  const Matrix inputs =
      samples(test.inputs[0], 4, static_cast<float>(number(1)), static_cast<int>(number(2)));
  const Matrix outputs =
      samples(test.output, 3, static_cast<float>(number(6)), static_cast<int>(number(7)));
  CHECK(distance(forward(model, inputs), outputs.col(0)) == 0);
}

TEST_CASE("ONNX's test of QuantizeLinear gives its outputs, around a layer that changes nothing") {
  if (!is_there()) return;
  const Case test = read_case("node/test_quantizelinear");
  const auto scale = static_cast<float>(onnx::real(onnx::tensor(onnx::File{}, test.inputs[1])));
  const auto zero = static_cast<int>(onnx::real(onnx::tensor(onnx::File{}, test.inputs[2])));
  OnnxGraph graph;
  graph.input("x", {"batch", 1});
  graph.output("y", {}, Type::uint8);
  graph.scalar("scale", scale);
  graph.constant("zero", {}, std::vector{static_cast<std::uint8_t>(zero)}, Type::uint8);
  graph.constant("W", {1, 1}, std::vector<std::int8_t>{1}, Type::int8);
  graph.node("QuantizeLinear", {"x", "scale", "zero"}, "q");
  graph.node("DequantizeLinear", {"q", "scale", "zero"}, "d");
  graph.node("DequantizeLinear", {"W", graph.scalar("one", 1)}, "w");
  graph.node("MatMul", {"d", "w"}, "h");
  graph.node("QuantizeLinear", {"h", "scale", "zero"}, "y");
  const Model model = read_onnx(graph.bytes()).model;
  CHECK(arithmetic(model) == Arithmetic::int8);
  CHECK(distance(forward(model, samples(test.inputs[0], 1)),
                 samples(test.output, 1, scale, zero)) == 0);
}
