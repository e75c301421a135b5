// TFLite files of other people: one of each form that people publish.
#include <doctest/doctest.h>

#include <map>
#include <sstream>

#include "build_paths.h"
#include "nn/formats/format.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::read_file;
namespace fs = std::filesystem;

namespace {

const fs::path kFormFiles = fs::path(PARE_SOURCE_DIR) / "../shared/forms/models";

/// Numbers with commas between them, a sample a line.
Matrix read_numbers(const fs::path& path) {
  std::vector<std::vector<float>> rows;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    rows.emplace_back();
    for (std::string field; std::getline(fields, field, ',');) {
      rows.back().push_back(std::stof(field));
    }
  }
  Matrix numbers(Index(rows.size()), Index(rows.at(0).size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    numbers.row(Index(i)) = Eigen::Map<const RowVector>(rows[i].data(), numbers.cols());
  }
  return numbers;
}

std::string read_error(const fs::path& path) {
  try {
    read_model(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "it was read";
}

/// What must come out of a file that is read.
struct Form {
  std::string widths;
  Activation last = Activation::identity;
  Meaning meaning = Meaning::values;
  bool scaled_inputs = false;
};

const std::map<std::string, Form>& read_forms() {
  using enum Meaning;
  static const std::map<std::string, Form> kForms{
      {"dynamic_range", {"16-64-32-3", Activation::identity, probabilities}},
      {"float16", {"5-8-6-3"}},
      {"io_float_int8", {"6-16-8-3"}},
      {"no_quant_int8", {"6-16-8-3"}},
      {"normalization", {"5-8-1", Activation::sigmoid, values, true}},
      {"normalization_div", {"5-8-3", Activation::tanh, values, true}},
      {"rescaling", {"5-8-3", Activation::identity, probabilities, true}},
      {"reshape_3d", {"21-8-3", Activation::identity, probabilities}},
  };
  return kForms;
}

/// What the message about a file that is refused says behind the file's name.
const std::map<std::string, std::string>& refused_forms() {
  static const std::map<std::string, std::string> kForms{
      {"conv1d",
       "operator 0 'conv1d' (CONV_2D): it is not supported; the nearest that is: FULLY_CONNECTED"},
      {"conv1d_expand_dims",
       "operator 1 'conv1d' (CONV_2D): it is not supported; the nearest that is: FULLY_CONNECTED"},
      {"custom_op",
       "operator 1 'output' (CUSTOM:FlexTensorListReserve): it is not supported; the nearest that "
       "is: "
       "FULLY_CONNECTED"},
      {"two_subgraphs", "it has two subgraphs; a file of one is read"},
      {"uint8",
       "3 things in it are not read:\n"
       "  operator 0 'dense_0' (FULLY_CONNECTED): its UINT8 weights, less their zero point, go "
       "from "
       "-137 to 117, and those of int8 lie in [-127, 127]; convert the model to int8 again\n"
       "  operator 1 'dense_1' (FULLY_CONNECTED): its UINT8 weights, less their zero point, go "
       "from "
       "-116 to 138, and those of int8 lie in [-127, 127]; convert the model to int8 again\n"
       "  operator 2 'dense_2' (FULLY_CONNECTED): its UINT8 weights, less their zero point, go "
       "from "
       "-108 to 146, and those of int8 lie in [-127, 127]; convert the model to int8 again"},
  };
  return kForms;
}

void check_form(const std::string& name, const Form& form) {
  const Model model = read_model(kFormFiles / (name + ".tflite")).model;
  CHECK(widths(model) == form.widths);
  CHECK(std::visit([](const auto& layer) { return layer.activation; }, model.layers.back()) ==
        form.last);
  CHECK(model.outputs.meaning == form.meaning);
  CHECK((model.inputs.factor.size() != 0) == form.scaled_inputs);
  const Matrix inputs = read_numbers(kFormFiles / (name + ".in.csv"));
  const Matrix expected = read_numbers(kFormFiles / (name + ".out.csv"));
  if (name == "no_quant_int8") {
    CHECK(forward_int8(model, inputs.cast<std::int8_t>()).cast<float>() == expected);
  } else {
    const Matrix outputs = forward(model, inputs);
    CHECK((outputs - expected).cwiseAbs().maxCoeff() <= 1e-6F);
  }
}

}  // namespace

TEST_CASE("files of the forms that people publish give the right outputs, or say what is refused") {
  if (!fs::is_directory(kFormFiles)) {
    MESSAGE("skipped: there is no ", kFormFiles.string());
    return;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(kFormFiles)) {
    if (entry.path().extension() != ".tflite") continue;
    const std::string name = entry.path().stem().string();
    CAPTURE(name);
    if (const auto refused = refused_forms().find(name); refused != refused_forms().end()) {
      CHECK(read_error(entry.path()) == entry.path().string() + ": " + refused->second);
      continue;
    }
    REQUIRE(read_forms().contains(name));
    check_form(name, read_forms().at(name));
  }
}

TEST_CASE("a file whose runtime gives other outputs is read with a note") {
  if (!fs::is_directory(kFormFiles)) {
    MESSAGE("skipped: there is no ", kFormFiles.string());
    return;
  }
  CHECK(read_model(kFormFiles / "dynamic_range.tflite").notes ==
        std::vector<std::string>{
            "operator 0 'dense_0' (FULLY_CONNECTED), operator 1 'dense_1' (FULLY_CONNECTED): int8 "
            "weights of float32 values are read as the reals that they stand for; TensorFlow's "
            "runtime also rounds the values, so that it gives other outputs"});
}
