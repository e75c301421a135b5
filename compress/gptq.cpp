#include "compress/gptq.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <numeric>
#include <vector>

#include "compress/int8_layer.h"

namespace pare::compress {
namespace {

constexpr double kDamping = 0.01;  // of the mean diagonal: GPTQ, section 3.3

/// Input indices, largest diagonal of H first.
std::vector<nn::Index> rounding_order(const nn::Matrix& hessian) {
  std::vector<nn::Index> order(static_cast<std::size_t>(hessian.rows()));
  std::iota(order.begin(), order.end(), nn::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](nn::Index a, nn::Index b) { return hessian(a, a) > hessian(b, b); });
  return order;
}

/// The upper Cholesky factor of the inverse of the damped H, rows and columns in `order`: row j
/// holds how the inputs from j on make up for an error at j.
nn::Matrix compensation(const nn::Matrix& hessian, const std::vector<nn::Index>& order) {
  const nn::Index count = hessian.rows();
  const double mean = hessian.diagonal().cast<double>().mean();
  const double damping = mean > 0 ? kDamping * mean : 1;
  Eigen::MatrixXd damped = hessian(order, order).cast<double>();
  damped.diagonal().array() += damping;
  const Eigen::MatrixXd inverse =
      damped.llt().solve(Eigen::MatrixXd::Identity(count, count)).eval();
  return inverse.llt().matrixU().toDenseMatrix().cast<float>();
}

float squared_error(const nn::Vector& difference, const nn::Matrix& hessian) {
  return difference.dot(hessian * difference);
}

}  // namespace

nn::Matrix input_hessian(const nn::Matrix& inputs, bool centered) {
  nn::Matrix values = inputs;
  if (centered) values.rowwise() -= inputs.colwise().mean().eval();
  nn::Matrix hessian = nn::Matrix::Zero(inputs.cols(), inputs.cols());
  hessian.selfadjointView<Eigen::Lower>().rankUpdate(values.transpose(),
                                                     1 / static_cast<float>(inputs.rows()));
  return hessian.selfadjointView<Eigen::Lower>();
}

nn::Int8Matrix round_gptq(const nn::Matrix& weights, const nn::Vector& scales, int bits,
                          const nn::Matrix& hessian) {
  const std::vector<nn::Index> order = rounding_order(hessian);
  const nn::Matrix factor = compensation(hessian, order);
  const nn::Matrix sorted = weights(Eigen::all, order);
  const nn::Matrix sorted_hessian = hessian(order, order);
  nn::Int8Matrix rounded = round_nearest(weights, scales, bits);
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const float scale = scales[scales.size() == 1 ? 0 : row];
    const nn::Vector exact = sorted.row(row).transpose();
    nn::Vector left = exact;
    nn::Vector nearest(exact.size());
    nn::Vector found(exact.size());
    for (nn::Index j = 0; j < exact.size(); ++j) {
      const bool pruned = exact[j] == 0;
      nearest[j] = scale * static_cast<float>(round_weight(exact[j], scale, bits));
      found[j] = pruned ? 0 : scale * static_cast<float>(round_weight(left[j], scale, bits));
      const float error = (left[j] - found[j]) / factor(j, j);
      left.tail(exact.size() - j) -= error * factor.row(j).tail(exact.size() - j).transpose();
    }
    if (squared_error(found - exact, sorted_hessian) >
        squared_error(nearest - exact, sorted_hessian)) {
      continue;
    }
    for (nn::Index j = 0; j < exact.size(); ++j) {
      rounded(row, order[static_cast<std::size_t>(j)]) = round_weight(found[j], scale, bits);
    }
  }
  return rounded;
}

}  // namespace pare::compress
