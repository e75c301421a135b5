#pragma once

#include <vector>

#include "compress/linear_algebra.h"

namespace pare::compress {

/// One row's weights in the order in which they are removed, and what each removal adds to the
/// row's error (w - w0)^T H (w - w0).
struct Removals {
  std::vector<nn::Index> order;
  std::vector<double> costs;
};

/// Removes the weights [n] of one row one at a time, each time the one that costs least,
/// w_p^2 / [H^-1]_pp, with all others compensated: w -= [H^-1]_:p w_p / [H^-1]_pp. `inverse`
/// [n, n] is that of H; those in `first` go before all others, at no cost; the last weight, the
/// bias, is never removed. The inverse is updated lazily, a block of removals at a time.
/// Source: Frantar and Alistarh, "Optimal Brain Compression", NeurIPS 2022, section 4, algorithm 1
/// and equations 3 and 4; Hassibi and Stork, "Optimal Brain Surgeon", NIPS 1992, equation 5.
Removals remove_all(Eigen::VectorXd weights, DoubleMatrix inverse,
                    const std::vector<nn::Index>& first = {});

/// The w that makes (w - w0)^T H (w - w0) least where only the weights `kept` may differ from 0:
/// what the compensations of remove_all add up to. `weights` is w0 [n], `hessian` H [n, n].
Eigen::VectorXd compensate(const DoubleMatrix& hessian, const Eigen::VectorXd& weights,
                           const std::vector<nn::Index>& kept);

}  // namespace pare::compress
