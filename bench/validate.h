#pragma once

#include <functional>
#include <vector>

#include "mcu/export_sketch.h"
#include "mcu/host_kernel.h"

namespace pare::bench {

using Bytes = std::vector<std::uint8_t>;

/// Runs one inference somewhere: input bytes to output bytes.
using Inference = std::function<Bytes(const Bytes& inputs)>;

/// The kernel on the host; `kernel` must outlive what this returns.
Inference inference_on(mcu::HostKernel& kernel);

/// How well implementations of one model agree with its reference over test vectors.
struct Agreement {
  std::size_t vectors = 0;
  std::size_t bit_exact = 0;  ///< vectors for which every implementation gave every byte right
  /// Largest difference from the reference: of int8 in steps; of float32 over max(1, |reference|).
  double max_difference = 0;
  bool agrees = true;  ///< int8: every vector is bit-exact; float32: no output is beyond rounding
};

/// By how much the outputs of a float32 model [samples, outputs] may differ from the reference's:
/// twice nn::rounding_bound.
Eigen::MatrixXd allowed_differences(const nn::Model& model, const nn::Matrix& inputs);

/// What each of `implementations` gives for the vectors' inputs, against the vectors' outputs.
/// `allowed` [vectors, outputs] are a float32 model's allowed_differences; int8 needs none.
Agreement compare(nn::Arithmetic arithmetic, const std::vector<Inference>& implementations,
                  const mcu::TestVectors& vectors, const Eigen::MatrixXd& allowed);

/// The same with what `model` allows.
Agreement compare(const nn::Model& model, const std::vector<Inference>& implementations,
                  const mcu::TestVectors& vectors);

}  // namespace pare::bench
