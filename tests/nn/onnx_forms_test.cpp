// Every form of ONNX file that people's models were found in, with inputs and outputs that are
// right. They lie beside the repository, or nowhere: then this test says so.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "build_paths.h"
#include "nn/forward.h"
#include "tests/nn/onnx_graph.h"

using namespace pare::nn;
namespace fs = std::filesystem;

namespace {

std::vector<std::vector<std::string>> read_csv(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string>& row = rows.emplace_back();
    std::stringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
  }
  return rows;
}

Matrix read_numbers(const fs::path& path) {
  const auto rows = read_csv(path);
  REQUIRE_FALSE(rows.empty());
  Matrix numbers(static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == rows[0].size());
    for (std::size_t j = 0; j < rows[0].size(); ++j) {
      numbers(static_cast<Index>(i), static_cast<Index>(j)) = std::stof(rows[i][j]);
    }
  }
  return numbers;
}

/// A column for each class: a binary model gives the probability of the second alone.
Matrix class_columns(const Model& model, const Matrix& outputs) {
  if (!is_binary(model) || model.outputs.names.empty()) return outputs;
  Matrix columns(outputs.rows(), 2);
  columns << (1 - outputs.array()).matrix(), outputs;
  return columns;
}

/// Outputs within 1e-5 of the right ones, relative to 1 or more; and the labels of the largest.
void check_outputs(const fs::path& stem, const fs::path& right, const std::string& output) {
  CAPTURE(stem.string());
  const Model model = kOnnx.read(stem.string() + ".onnx", {.output = output}).model;
  check(model);
  const Matrix outputs =
      class_columns(model, forward(model, read_numbers(stem.string() + ".in.csv")));
  const Matrix expected = read_numbers(right);
  REQUIRE(outputs.rows() == expected.rows());
  REQUIRE(outputs.cols() == expected.cols());
  const auto scale = expected.array().abs().max(1.0F);
  CHECK(((outputs - expected).array().abs() / scale).maxCoeff() < 1e-5F);
  const auto labels = read_csv(stem.string() + ".labels.csv");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Index largest = 0;
    outputs.row(static_cast<Index>(i)).maxCoeff(&largest);
    CHECK(model.outputs.names.at(static_cast<std::size_t>(largest)) == labels[i][0]);
  }
}

std::string refusal(const fs::path& path) {
  try {
    read_model(path);
  } catch (const std::runtime_error& error) {
    const std::string prefix = path.string() + ": ";
    const std::string text = error.what();
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }
  return "";
}

struct Form {
  const char* name;
  const char* output = "";
  const char* right = ".out.csv";  ///< the ending of the file with the right outputs
};

constexpr Form kForms[] = {
    {"batchnorm"},
    {"batchnorm_after_relu"},
    {"dynamic_batch"},
    {"elu"},
    {"external"},
    {"gelu"},
    {"gelu_op"},
    {"gemm_alpha_beta"},
    {"gemm_trans_a"},
    {"leaky_relu"},
    {"linear_classifier"},
    {"linear_classifier_normalizer"},
    {"linear_regressor"},
    {"out_of_order"},
    {"policy", "action_mean"},
    {"policy", "value", ".value.out.csv"},
    {"relu_last"},
    {"sigmoid_first"},
    {"silu"},
    {"sklearn_mlp"},
    {"sklearn_mlp_binary"},
    {"softplus"},
    {"sub_4d"},
    {"sub_div_constant_nodes"},
    {"sub_mul"},
    {"tanh_before_last"},
    {"tanh_last"},
    {"two_inputs", "output"},
    {"weight_left"},
};

struct Refused {
  const char* name;
  const char* message;
};

constexpr Refused kRefused[] = {
    {"conv",
     "the node that gives 'conv_3' (Conv): Conv is not supported; only dense layers are: Gemm, or "
     "MatMul and Add"},
    {"lstm",
     "the node that gives 'steps' (LSTM): LSTM is not supported; only dense layers are: Gemm, or "
     "MatMul and Add"},
    {"tree",
     "the node that gives 'output_label' (ai.onnx.ml.TreeEnsembleClassifier): "
     "ai.onnx.ml.TreeEnsembleClassifier is not supported; linear models and multi-layer "
     "perceptrons are"},
    {"linear_classifier_ovr",
     "the node that gives 'probabilities' (ai.onnx.ml.Normalizer): it divides every sample by its "
     "L1 norm, which is supported only where that is 1, as behind a softmax; a one-vs-rest "
     "classifier has to end before it"},
    {"policy",
     "it has 3 outputs; name the one to take:\n"
     "  output = \"action_mean\"  action_mean [batch, 2]: can be taken\n"
     "  output = \"value\"  value [batch, 1]: can be taken\n"
     "  output = \"log_prob\"  log_prob [batch]: cannot be taken"},
    {"lfs_pointer", "it is a Git LFS pointer, not the model itself; run: git lfs pull"},
    {"html", "it is a web page (HTML), not a model; download the file itself, the raw one"},
};

}  // namespace

TEST_CASE("every form of ONNX file that people have gives the right outputs, or a clear refusal") {
  const fs::path folder = fs::path(PARE_SOURCE_DIR) / "../shared/forms/models";
  if (!fs::exists(folder)) {
    MESSAGE("skipped: no folder ", folder.string());
    return;
  }
  for (const Form& form : kForms) {
    const fs::path stem = folder / form.name;
    check_outputs(stem, stem.string() + form.right, form.output);
  }
  for (const Refused& form : kRefused) {
    CAPTURE(form.name);
    const fs::path path = folder / (std::string(form.name) + ".onnx");
    CHECK(refusal(path) == form.message);
  }
}
