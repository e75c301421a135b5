#include <doctest/doctest.h>

#include "compress/pass.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;

namespace {

nn::Model equalized(const nn::Model& model) {
  const nn::Dataset unused;
  return compress::run({compress::make_step("equalize")}, model, {unused, unused, {}, 7, {}}).model;
}

const nn::DenseLayer& layer(const nn::Model& model, std::size_t index) {
  return std::get<nn::DenseLayer>(model.layers[index]);
}

}  // namespace

TEST_CASE("equalize gives the scales computed by hand") {
  const nn::Model model{
      {nn::DenseLayer{nn::Matrix{{8, -4}, {0, 1}}, nn::Vector{{2, 3}}, nn::Activation::relu},
       nn::DenseLayer{nn::Matrix{{2, 4}}, nn::Vector{{1}}, {}}}};
  const nn::Model even = equalized(model);
  CHECK(layer(even, 0).weights == nn::Matrix{{4, -2}, {0, 2}});  // over sqrt(8/2) and sqrt(1/4)
  CHECK(layer(even, 0).bias == nn::Vector{{1, 6}});
  CHECK(layer(even, 1).weights == nn::Matrix{{4, 2}});
  CHECK(layer(even, 1).bias == nn::Vector{{1}});
}

TEST_CASE("equalize leaves the function as it was, and evens the ranges of every unit") {
  nn::Model model = tests::random_model({5, 9, 7, 3}, 2);
  std::get<nn::DenseLayer>(model.layers[1]).weights.row(2) *= 40;
  std::get<nn::DenseLayer>(model.layers[0]).weights.row(4).setZero();  // a dead unit stays
  const nn::Model even = equalized(model);
  const nn::Matrix inputs = tests::random_matrix(50, 5, 1);
  const nn::Matrix expected = nn::forward(model, inputs);
  CHECK((nn::forward(even, inputs) - expected).cwiseAbs().maxCoeff() <
        1e-6F * expected.cwiseAbs().maxCoeff());
  for (const std::size_t i : {0U, 1U}) {
    for (nn::Index unit = 0; unit < layer(even, i).weights.rows(); ++unit) {
      if (i == 0 && unit == 4) continue;
      CHECK(layer(even, i).weights.row(unit).cwiseAbs().maxCoeff() ==
            doctest::Approx(layer(even, i + 1).weights.col(unit).cwiseAbs().maxCoeff())
                .epsilon(0.003));
    }
  }
}

TEST_CASE("equalize helps int8 with one scale for a layer whose rows differ") {
  nn::Model model = tests::random_model({5, 9, 3}, 2);
  auto& first = std::get<nn::DenseLayer>(model.layers[0]);
  auto& second = std::get<nn::DenseLayer>(model.layers[1]);
  first.weights.row(0) *= 100;
  first.bias[0] *= 100;
  second.weights.col(0) /= 100;
  const nn::Dataset data{tests::random_matrix(200, 5, 3), nn::Matrix::Zero(200, 3),
                         nn::Task::regression, nn::ImageShape{}};
  const compress::Step quantize =
      compress::make_step("quantize_int8", {{"granularity", {std::string("tensor"), ""}}});
  const auto error = [&](const std::vector<compress::Step>& steps) {
    const nn::Model quantized = compress::run(steps, model, {data, data, {}, 7, {}}).model;
    return (nn::forward(quantized, data.inputs) - nn::forward(model, data.inputs)).norm();
  };
  CHECK(error({compress::make_step("equalize"), quantize}) < 0.06F * error({quantize}));
}
