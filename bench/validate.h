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
};

/// What each of `implementations` gives for the vectors' inputs, against the vectors' outputs.
Agreement compare(nn::Arithmetic arithmetic, const std::vector<Inference>& implementations,
                  const mcu::TestVectors& vectors);

/// How far a float32 output may be from the reference, whose sums are taken in another order.
constexpr double kFloatTolerance = 1e-5;

/// True if an int8 model is bit-exact on every vector, or a float32 one within kFloatTolerance.
bool agrees(nn::Arithmetic arithmetic, const Agreement& agreement);

}  // namespace pare::bench
