#include "nn/rounding_bound.h"

#include <doctest/doctest.h>

#include "nn/fast_forward.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare::nn;

namespace {

constexpr double kUnit = 0x1p-24;

/// The largest share that a difference between two orders of the sums has of what is allowed, which
/// is twice the bound.
double largest_share(const Model& model, const Matrix& inputs) {
  const Matrix difference = FastForward(model)(inputs) - forward(model, inputs);
  return (difference.cast<double>().cwiseAbs().array() /
          (2 * rounding_bound(model, inputs)).array())
      .maxCoeff();
}

}  // namespace

TEST_CASE("the bound has the value computed by hand") {
  // Two products and a bias, 3 terms: 3 u (|3 * 1000| + |-2 * 1| + 4), and again times 5 with what
  // the first layer passes on.
  const Model one{{DenseLayer{Matrix{{3, -2}}, Vector{{4}}, Activation::relu}}};
  const double first = 3 * kUnit * 3006;
  CHECK(rounding_bound(one, Matrix{{1000, 1}})(0, 0) == doctest::Approx(first).epsilon(1e-6));
  Model two = one;
  two.layers.push_back(DenseLayer{Matrix{{-5}}, Vector{{1}}, Activation::identity});
  const double second = 2 * kUnit * (5 * (3002 + first) + 1) + 5 * first;
  CHECK(rounding_bound(two, Matrix{{1000, 1}})(0, 0) == doctest::Approx(second).epsilon(1e-6));
}

TEST_CASE("what rounding does stays within the bound, and what a wrong weight does is beyond it") {
  // One feature around 1000 beside others in -1..1, as a weather station has them.
  Matrix inputs = pare::tests::random_matrix(300, 40, 1);
  inputs.col(3).array() += 1000;
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::sigmoid}) {
    Model model = make_mlp({40, 30, 20, 3}, activation, 2);
    std::get<DenseLayer>(model.layers[0]).weights.col(3) *= 0.01F;
    CHECK(largest_share(model, inputs) < 1);
    Model wrong = model;
    std::get<DenseLayer>(wrong.layers[0]).weights(5, 3) *= 1.01F;
    const Eigen::MatrixXd fault =
        (forward(wrong, inputs) - forward(model, inputs)).cast<double>().cwiseAbs();
    CHECK((fault.array() > (2 * rounding_bound(model, inputs)).array()).any());
  }
}
