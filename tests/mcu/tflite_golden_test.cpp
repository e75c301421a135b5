// TFLite Micro's own sine models, and the int8 outputs that TFLite Micro gives for 1,000 inputs:
// files from outside; tests/data/NOTICE says from where.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <numbers>

#include "build_paths.h"
#include "mcu/host_kernel.h"
#include "nn/formats/format.h"
#include "nn/forward.h"
#include "nn/json_text.h"
#include "tests/helpers.h"

using namespace pare;

namespace {

const std::filesystem::path kData = std::filesystem::path(PARE_SOURCE_DIR) / "tests/data";

nlohmann::json golden() {
  return nn::parse_json(tests::read_file(kData / "hello_world_int8_golden.json"));
}

}  // namespace

TEST_CASE("the reference and the kernel give TFLite Micro's bytes for its own sine model") {
  const auto inputs = golden().at("q_in").get<std::vector<std::int8_t>>();
  const auto expected = golden().at("q_out").get<std::vector<std::int8_t>>();
  REQUIRE(inputs.size() == 1000);
  const nn::Model model = nn::read_model(kData / "hello_world_int8.tflite").model;
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
    const nn::Model model = nn::read_model(kData / name).model;
    const nn::Matrix error = nn::forward(model, inputs).array() - inputs.array().sin();
    return error.squaredNorm() / 1000;
  };
  CHECK(mse("hello_world_float.tflite") == doctest::Approx(2.3e-4).epsilon(0.02));
  CHECK(mse("hello_world_int8.tflite") == doctest::Approx(1.03e-3).epsilon(0.01));
}
