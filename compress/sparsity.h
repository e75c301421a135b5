#pragma once

#include <vector>

#include "compress/options.h"
#include "nn/model.h"

namespace pare::compress {

/// Whether weights compete within their layer, or across all of them.
enum class Scope : std::uint8_t { layer, global };

/// Reads the option `scope`.
Scope read_scope(Options& options);

/// The fewest weights that a layer of `weights` keeps, so that no pruning cuts the network in two:
/// a tenth of what the same `sparsity` in layer scope leaves it, and at least 1.
nn::Index least_kept(double sparsity, nn::Index weights);

/// For each layer, which of its scores are to go: the `sparsity` of all with the lowest scores,
/// among equals the first ones, except that every layer keeps least_kept().
std::vector<std::vector<bool>> select_lowest(const std::vector<std::vector<double>>& scores,
                                             double sparsity, Scope scope);

/// How sparsity grows over the steps of iterative pruning.
enum class PruneSchedule : std::uint8_t { geometric, cubic };

/// The sparsity after step `step`, from 1, of `steps`. Geometric: (1 - sparsity)^(step / steps) of
/// the weights are left, the same share of those before each time. Cubic: sparsity * (1 - (1 - step
/// / steps)^3), fast while there is much to spare.
/// Source: Frankle and Carbin, "The Lottery Ticket Hypothesis", ICLR 2019, section 1; Zhu and
/// Gupta, "To prune, or not to prune", arXiv:1710.01878, 2017, equation 1.
double sparsity_at(PruneSchedule schedule, double sparsity, int step, int steps);

}  // namespace pare::compress
