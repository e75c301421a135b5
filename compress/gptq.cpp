#include "compress/gptq.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "compress/int8_layer.h"
#include "nn/quantization.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

constexpr double kDamping = 0.01;  // of the mean diagonal: GPTQ, section 3.3

/// Input indices, largest diagonal of H first.
std::vector<nn::Index> rounding_order(const DoubleMatrix& hessian) {
  std::vector<nn::Index> order(static_cast<std::size_t>(hessian.rows()));
  std::iota(order.begin(), order.end(), nn::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](nn::Index a, nn::Index b) { return hessian(a, a) > hessian(b, b); });
  return order;
}

/// The upper Cholesky factor of the inverse of the damped H, rows and columns in `order`: row j
/// holds how the inputs from j on make up for an error at j.
DoubleMatrix compensation(const DoubleMatrix& hessian, const std::vector<nn::Index>& order) {
  const nn::Index count = hessian.rows();
  const double mean = mean_diagonal(hessian, count);
  const double damping = mean > 0 ? kDamping * mean : 1;
  DoubleMatrix damped = hessian(order, order);
  damped.diagonal().array() += damping;
  return cholesky(solve(cholesky(std::move(damped)), DoubleMatrix::Identity(count, count)));
}

/// difference^T H difference.
double squared_error(const Eigen::VectorXd& difference, const DoubleMatrix& hessian) {
  const nn::Index count = difference.size();
  double sum = 0;
  for (nn::Index i = 0; i < count; ++i) {
    sum += difference[i] * nn::dot(hessian.row(i).data(), difference.data(), count);
  }
  return sum;
}

}  // namespace

DoubleMatrix input_hessian(const nn::Matrix& inputs, bool centered) {
  constexpr nn::Index kChunk = 1024;  // samples that are held in double at a time
  const nn::Index count = inputs.cols();
  Eigen::RowVectorXd center = Eigen::RowVectorXd::Zero(count);
  if (centered) center = nn::column_means(inputs).transpose();
  DoubleMatrix hessian = DoubleMatrix::Zero(count, count);
  for (nn::Index begin = 0; begin < inputs.rows(); begin += kChunk) {
    const nn::Index samples = std::min(kChunk, inputs.rows() - begin);
    DoubleMatrix values = inputs.middleRows(begin, samples).cast<double>();
    values.rowwise() -= center;
    add_product(1, values.transpose(), values, hessian);
  }
  return hessian / static_cast<double>(inputs.rows());
}

nn::Int8Matrix round_gptq(const nn::Matrix& weights, const nn::Vector& scales, int bits,
                          const DoubleMatrix& hessian) {
  const std::vector<nn::Index> order = rounding_order(hessian);
  const DoubleMatrix factor = compensation(hessian, order);
  const nn::Matrix sorted = weights(Eigen::all, order);
  const DoubleMatrix sorted_hessian = hessian(order, order);
  nn::Int8Matrix rounded = round_nearest(weights, scales, bits);
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const float scale = nn::row_scale(scales, row);
    const auto round = [&](double weight) {
      return round_weight(static_cast<float>(weight), scale, bits);
    };
    const nn::Vector exact = sorted.row(row).transpose();
    Eigen::VectorXd left = exact.cast<double>();
    nn::Vector nearest(exact.size());
    nn::Vector found(exact.size());
    for (nn::Index j = 0; j < exact.size(); ++j) {
      const bool pruned = exact[j] == 0;
      nearest[j] = scale * static_cast<float>(round_weight(exact[j], scale, bits));
      found[j] = pruned ? 0 : scale * static_cast<float>(round(left[j]));
      const double error = (left[j] - double{found[j]}) / factor(j, j);
      left.tail(exact.size() - j) -= error * factor.row(j).tail(exact.size() - j).transpose();
    }
    if (squared_error((found - exact).cast<double>(), sorted_hessian) >
        squared_error((nearest - exact).cast<double>(), sorted_hessian)) {
      continue;
    }
    for (nn::Index j = 0; j < exact.size(); ++j) {
      rounded(row, order[static_cast<std::size_t>(j)]) = round_weight(found[j], scale, bits);
    }
  }
  return rounded;
}

}  // namespace pare::compress
