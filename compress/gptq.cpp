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
std::vector<nn::Index> rounding_order(const Eigen::MatrixXd& hessian) {
  std::vector<nn::Index> order(static_cast<std::size_t>(hessian.rows()));
  std::iota(order.begin(), order.end(), nn::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](nn::Index a, nn::Index b) { return hessian(a, a) > hessian(b, b); });
  return order;
}

/// The upper Cholesky factor of the inverse of the damped H, rows and columns in `order`: row j
/// holds how the inputs from j on make up for an error at j.
Eigen::MatrixXd compensation(const Eigen::MatrixXd& hessian, const std::vector<nn::Index>& order) {
  const nn::Index count = hessian.rows();
  const double mean = hessian.diagonal().mean();
  const double damping = mean > 0 ? kDamping * mean : 1;
  Eigen::MatrixXd damped = hessian(order, order);
  damped.diagonal().array() += damping;
  const Eigen::MatrixXd inverse =
      damped.llt().solve(Eigen::MatrixXd::Identity(count, count)).eval();
  return inverse.llt().matrixU().toDenseMatrix();
}

double squared_error(const Eigen::VectorXd& difference, const Eigen::MatrixXd& hessian) {
  return difference.dot(hessian * difference);
}

}  // namespace

Eigen::MatrixXd input_hessian(const nn::Matrix& inputs, bool centered) {
  constexpr nn::Index kChunk = 1024;  // samples that are held in double at a time
  const nn::Index count = inputs.cols();
  const auto samples = static_cast<double>(inputs.rows());
  Eigen::RowVectorXd center = Eigen::RowVectorXd::Zero(count);
  if (centered) {
    for (nn::Index i = 0; i < inputs.rows(); ++i) center += inputs.row(i).cast<double>();
    center /= samples;
  }
  Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(count, count);
  for (nn::Index begin = 0; begin < inputs.rows(); begin += kChunk) {
    const nn::Index rows = std::min(kChunk, inputs.rows() - begin);
    const Eigen::MatrixXd values = inputs.middleRows(begin, rows).cast<double>().rowwise() - center;
    hessian.selfadjointView<Eigen::Lower>().rankUpdate(values.transpose(), 1 / samples);
  }
  return hessian.selfadjointView<Eigen::Lower>();
}

nn::Int8Matrix round_gptq(const nn::Matrix& weights, const nn::Vector& scales, int bits,
                          const Eigen::MatrixXd& hessian) {
  const std::vector<nn::Index> order = rounding_order(hessian);
  const Eigen::MatrixXd factor = compensation(hessian, order);
  const Eigen::MatrixXd sorted = weights(Eigen::all, order).cast<double>();
  const Eigen::MatrixXd sorted_hessian = hessian(order, order);
  nn::Int8Matrix rounded = round_nearest(weights, scales, bits);
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const float scale = scales[scales.size() == 1 ? 0 : row];
    const auto round = [&](double weight) {
      return round_weight(static_cast<float>(weight), scale, bits);
    };
    const Eigen::VectorXd exact = sorted.row(row).transpose();
    Eigen::VectorXd left = exact;
    Eigen::VectorXd nearest(exact.size());
    Eigen::VectorXd found(exact.size());
    for (nn::Index j = 0; j < exact.size(); ++j) {
      const bool pruned = exact[j] == 0;
      nearest[j] = double{scale} * round(exact[j]);
      found[j] = pruned ? 0 : double{scale} * round(left[j]);
      const double error = (left[j] - found[j]) / factor(j, j);
      left.tail(exact.size() - j) -= error * factor.row(j).tail(exact.size() - j).transpose();
    }
    if (squared_error(found - exact, sorted_hessian) >
        squared_error(nearest - exact, sorted_hessian)) {
      continue;
    }
    for (nn::Index j = 0; j < exact.size(); ++j) {
      rounded(row, order[static_cast<std::size_t>(j)]) = round(found[j]);
    }
  }
  return rounded;
}

}  // namespace pare::compress
