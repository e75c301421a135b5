#include "compress/optimal_brain_surgeon.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "nn/sums.h"

namespace pare::compress {
namespace {

using nn::Index;

/// One row on its way: what is left of its weights and of the inverse Hessian.
class Elimination {
 public:
  Elimination(Eigen::VectorXd weights, DoubleMatrix inverse, const std::vector<Index>& first)
      : weights_(std::move(weights)),
        inverse_(std::move(inverse)),
        places_(static_cast<std::size_t>(weights_.size())),
        free_(static_cast<std::size_t>(weights_.size()), false) {
    std::iota(places_.begin(), places_.end(), Index{0});
    for (const Index place : first) free_[static_cast<std::size_t>(place)] = true;
  }

  Removals run() {
    while (weights_.size() > 1) remove_block();
    return std::move(removals_);
  }

 private:
  /// Removes up to kBlock weights; until its end, the true inverse is inverse_ - updates updates^T.
  void remove_block() {
    constexpr Index kBlock = 32;
    const Index count = std::min(kBlock, weights_.size() - 1);
    DoubleMatrix updates(count, weights_.size());  // one in each row
    Eigen::VectorXd diagonal = inverse_.diagonal();
    std::vector<bool> gone(places_.size(), false);
    for (Index k = 0; k < count; ++k) {
      const Index p = cheapest(diagonal, gone);
      Eigen::VectorXd column = inverse_.row(p).transpose();  // which is its column too
      for (Index i = 0; i < k; ++i) column -= updates(i, p) * updates.row(i).transpose();
      const double pivot = column[p];
      const double step = weights_[p] / pivot;
      const bool is_free = free_[static_cast<std::size_t>(place(p))];
      removals_.order.push_back(place(p));
      removals_.costs.push_back(is_free ? 0 : weights_[p] * step);
      weights_ -= step * column;
      updates.row(k) = (column / std::sqrt(pivot)).transpose();
      diagonal -= updates.row(k).cwiseAbs2().transpose();
      gone[static_cast<std::size_t>(p)] = true;
    }
    shrink(updates, gone);
  }

  Index place(Index i) const { return places_[static_cast<std::size_t>(i)]; }

  Index cheapest(const Eigen::VectorXd& diagonal, const std::vector<bool>& gone) const {
    Index best = -1;
    double least = std::numeric_limits<double>::infinity();
    for (Index i = 0; i + 1 < weights_.size(); ++i) {
      if (gone[static_cast<std::size_t>(i)]) continue;
      if (free_[static_cast<std::size_t>(place(i))]) return i;
      const double cost = weights_[i] * weights_[i] / diagonal[i];
      if (best < 0 || cost < least) {
        best = i;
        least = cost;
      }
    }
    return best;
  }

  /// Drops what is gone, and brings the inverse up to date.
  void shrink(const DoubleMatrix& updates, const std::vector<bool>& gone) {
    std::vector<Index> left;
    std::vector<Index> places;
    for (std::size_t i = 0; i < gone.size(); ++i) {
      if (gone[i]) continue;
      left.push_back(static_cast<Index>(i));
      places.push_back(places_[i]);
    }
    const DoubleMatrix columns = updates(Eigen::all, left);
    DoubleMatrix inverse = inverse_(left, left);
    add_product(-1, columns.transpose(), columns, inverse);
    inverse_ = std::move(inverse);
    weights_ = weights_(left).eval();
    places_ = std::move(places);
  }

  Eigen::VectorXd weights_;
  DoubleMatrix inverse_;
  std::vector<Index> places_;  // of what is left, in the whole row
  std::vector<bool> free_;     // by place in the whole row
  Removals removals_;
};

}  // namespace

Removals remove_all(Eigen::VectorXd weights, DoubleMatrix inverse,
                    const std::vector<Index>& first) {
  return Elimination(std::move(weights), std::move(inverse), first).run();
}

Eigen::VectorXd compensate(const DoubleMatrix& hessian, const Eigen::VectorXd& weights,
                           const std::vector<Index>& kept) {
  // The gradient at `kept` vanishes: H_kk w_k = (H w0)_k.
  DoubleMatrix pull(static_cast<Index>(kept.size()), 1);
  for (Index i = 0; i < pull.rows(); ++i) {
    const auto row = hessian.row(kept[static_cast<std::size_t>(i)]);
    pull(i, 0) = nn::dot(row.data(), weights.data(), weights.size());
  }
  const DoubleMatrix kept_hessian = hessian(kept, kept);
  const DoubleMatrix solution = solve(cholesky(kept_hessian), std::move(pull));
  Eigen::VectorXd result = Eigen::VectorXd::Zero(weights.size());
  result(kept) = solution.col(0);
  return result;
}

}  // namespace pare::compress
