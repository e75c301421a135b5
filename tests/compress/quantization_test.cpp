#include "compress/quantization.h"

#include <doctest/doctest.h>

#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using compress::make_step;
using Values = compress::Options::Values;

namespace {

/// Two layers, whose inputs are not centred: rounding then shifts the mean of the outputs.
struct Setting {
  nn::Dataset data{(tests::random_matrix(400, 6, 3).array() + 1).matrix(), nn::Matrix::Zero(400, 2),
                   nn::Task::regression, nn::ImageShape{}};
  nn::Model model = tests::random_model({6, 8, 2}, 1);

  nn::Model run(std::string_view pass, Values values) const {
    return compress::run({make_step(pass, std::move(values))}, model, {data, data, {}, 7, {}})
        .model;
  }
  /// Largest |mean error| of the model's outputs over the data.
  float mean_error(const nn::Model& quantized) const {
    const nn::Matrix error = nn::forward(quantized, data.inputs) - nn::forward(model, data.inputs);
    return error.colwise().mean().cwiseAbs().maxCoeff();
  }
};

}  // namespace

TEST_CASE("bias correction removes the mean error of the outputs") {
  const Setting setting;
  const nn::Model plain =
      setting.run("quantize_int8", {{"granularity", {std::string("tensor"), ""}}});
  const nn::Model corrected =
      setting.run("quantize_int8",
                  {{"granularity", {std::string("tensor"), ""}}, {"bias_correction", {true, ""}}});
  CHECK(setting.mean_error(corrected) < 0.25F * setting.mean_error(plain));
  CHECK(setting.mean_error(corrected) < 0.1F * nn::output_quantization(corrected).scale);
}
