#pragma once

#include "mcu/host_kernel.h"
#include "nn/model.h"

namespace pare::bench {

/// Time of one inference, batch 1, one thread, over several repetitions.
struct HostLatency {
  double median_ns;
  double cv;  ///< standard deviation of the repetitions over their mean
};

/// Times the board's kernel on the host, with Google Benchmark, one inference after the other over
/// the given real inputs [samples, features]. First compares its answers with nn::forward: throws
/// std::runtime_error unless they agree (bench/validate.h).
/// Not for two threads at once.
HostLatency measure_host_latency(const nn::Model& model, const nn::Matrix& inputs,
                                 mcu::Optimize optimize = mcu::Optimize::size);

}  // namespace pare::bench
