#pragma once

#include "bench/metrics/metric.h"

namespace pare::bench {

/// How many samples of each class were taken for each: [right class, predicted class].
Eigen::MatrixXd count_confusions(const Answers& answers);

/// Of each class: the share of its samples that were found, and the share of what was taken for it
/// that was right; NaN where there are none.
Eigen::VectorXd recalls(const Eigen::MatrixXd& confusions);
Eigen::VectorXd precisions(const Eigen::MatrixXd& confusions);

}  // namespace pare::bench
