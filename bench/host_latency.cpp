#include "bench/host_latency.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "bench/validate.h"

namespace pare::bench {
namespace {

constexpr int kRepetitions = 9;
constexpr double kSecondsEach = 0.005;

/// Keeps the times of the repetitions, prints nothing.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      nanoseconds.push_back(1e9 * run.real_accumulated_time / static_cast<double>(run.iterations));
    }
  }

  std::vector<double> nanoseconds;
};

HostLatency summarize(std::vector<double> times) {
  const auto count = static_cast<double>(times.size());
  const double mean = std::accumulate(times.begin(), times.end(), 0.0) / count;
  double squares = 0;
  for (const double time : times) squares += (time - mean) * (time - mean);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return {*middle, std::sqrt(squares / (count - 1)) / mean};
}

}  // namespace

HostLatency measure_host_latency(const nn::Model& model, const nn::Matrix& inputs,
                                 mcu::Optimize optimize) {
  mcu::HostKernel kernel(mcu::encode(model, optimize));
  const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, inputs.rows());
  const nn::Arithmetic arithmetic = nn::arithmetic(model);
  const Agreement agreement = compare(arithmetic, {inference_on(kernel)}, vectors);
  if (!agrees(arithmetic, agreement)) {
    throw std::runtime_error(fmt::format(
        "the host kernel disagrees with the reference: {} of {} vectors are equal, the largest "
        "difference is {}",
        agreement.bit_exact, agreement.vectors, agreement.max_difference));
  }
  std::vector<float> out(static_cast<std::size_t>(nn::output_count(model)));
  auto* registered = benchmark::RegisterBenchmark("inference", [&](benchmark::State& state) {
    std::size_t next = 0;
    for (auto _ : state) {
      const auto& input = vectors.inputs[next];
      kernel.infer(input.data(), out.data());
      benchmark::DoNotOptimize(out.data());
      benchmark::ClobberMemory();
      next = next + 1 == vectors.inputs.size() ? 0 : next + 1;
    }
  });
  registered->Repetitions(kRepetitions)->MinTime(kSecondsEach);
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector, "inference");
  benchmark::ClearRegisteredBenchmarks();
  return summarize(std::move(collector.nanoseconds));
}

}  // namespace pare::bench
