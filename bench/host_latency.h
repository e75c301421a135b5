#pragma once

#include "nn/model.h"

namespace pare::bench {

/// Time of one inference, batch 1, one thread, over several repetitions.
struct HostLatency {
  double median_ns;
  double cv;  ///< standard deviation of the repetitions over their mean
};

/// Times nn::FastForward, real inputs to real outputs, with Google Benchmark: processor time, one
/// inference after the other over the given inputs [samples, features]. First compares its answers
/// with nn::forward: throws std::runtime_error unless an int8 model's are equal, and a float
/// model's within what rounding can do (bench/validate.h). Not for two threads at once.
HostLatency measure_host_latency(const nn::Model& model, const nn::Matrix& inputs);

}  // namespace pare::bench
