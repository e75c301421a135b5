#include "bench/host_latency.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "bench/validate.h"
#include "nn/ends.h"
#include "nn/fast_forward.h"
#include "nn/forward.h"

namespace pare::bench {
namespace {

constexpr nn::Index kChecked = 1000;  // samples: the reference is slow
constexpr int kRepetitions = 9;
constexpr double kSecondsEach = 0.005;

/// Keeps the times of the repetitions, prints nothing.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      nanoseconds.push_back(1e9 * run.cpu_accumulated_time / static_cast<double>(run.iterations));
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

/// Throws unless the fast inference gives what the reference gives.
void check_answers(const nn::Model& model, nn::FastForward& fast, const nn::Matrix& inputs) {
  const Eigen::MatrixXd expected = nn::forward(model, inputs).cast<double>();
  const Eigen::MatrixXd found = fast(inputs).cast<double>();
  const Eigen::MatrixXd allowed = nn::arithmetic(model) == nn::Arithmetic::int8
                                      ? Eigen::MatrixXd::Zero(found.rows(), found.cols())
                                      : allowed_differences(model, inputs);
  for (nn::Index i = 0; i < found.rows(); ++i) {
    for (nn::Index k = 0; k < found.cols(); ++k) {
      const double difference = std::abs(found(i, k) - expected(i, k));
      if (difference <= allowed(i, k)) continue;
      throw std::runtime_error(
          fmt::format("the fast inference gives {} for output {} of test vector {}, the reference "
                      "{}: {:.2g} apart, where rounding explains {:.2g}; this is a fault of pare",
                      found(i, k), k, i, expected(i, k), difference, allowed(i, k)));
    }
  }
}

}  // namespace

HostLatency measure_host_latency(const nn::Model& model, const nn::Matrix& inputs) {
  nn::FastForward fast(model);
  check_answers(model, fast, inputs.topRows(std::min(inputs.rows(), kChecked)));
  const nn::Matrix seen = nn::seen_inputs(model.inputs, inputs);
  std::vector<float> out(static_cast<std::size_t>(nn::output_count(model)));
  auto* registered = benchmark::RegisterBenchmark("inference", [&](benchmark::State& state) {
    nn::Index next = 0;
    for (auto _ : state) {
      fast.run(seen.row(next).data(), out.data());
      benchmark::DoNotOptimize(out.data());
      benchmark::ClobberMemory();
      next = next + 1 == inputs.rows() ? 0 : next + 1;
    }
  });
  registered->Repetitions(kRepetitions)->MinTime(kSecondsEach);
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector, "inference");
  benchmark::ClearRegisteredBenchmarks();
  return summarize(std::move(collector.nanoseconds));
}

}  // namespace pare::bench
