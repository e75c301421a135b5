#include "bench/peers.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bench/host_latency.h"
#include "bench/peers/onnx_runtime.h"
#include "build_paths.h"
#include "mcu/process.h"
#include "nn/fast_forward.h"
#include "nn/forward.h"
#include "nn/json_text.h"
#include "nn/train.h"

namespace pare::bench {
namespace {

using Json = nlohmann::json;

/// Of this thread.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The second of two epochs of LeNet-300-100, by the processor time of one thread.
double time_epoch(const nn::Dataset& images) {
  nn::TrainOptions options;
  options.epochs = 2;
  options.batch_size = 128;
  options.learning_rate = 1e-3;
  options.schedule = nn::Schedule::constant;
  options.scale_inputs = false;
  options.scale_targets = false;
  double begin = 0;
  double end = 0;
  nn::TrainHooks hooks;
  hooks.on_epoch = [&](int, double) {
    begin = end;
    end = processor_seconds();
  };
  nn::train_new({300, 100}, nn::Activation::relu, images, options, 1, hooks);
  return end - begin;
}

double time_sine(const nn::Dataset& sine) {
  nn::TrainOptions options;
  options.epochs = 600;
  options.batch_size = 64;
  options.learning_rate = 0.02;
  options.schedule = nn::Schedule::constant;
  options.scale_inputs = false;
  options.scale_targets = false;
  const double begin = processor_seconds();
  nn::train_new({16, 16}, nn::Activation::relu, sine, options, 1);
  return processor_seconds() - begin;
}

double time_inference(const nn::Model& model, const nn::Matrix& inputs) {
  return 1e-9 *
         measure_host_latency(model, inputs.topRows(std::min<nn::Index>(inputs.rows(), 1000)))
             .median_ns;
}

constexpr const char* kPyTorchScript = PARE_SOURCE_DIR "/bench/peers/pytorch.py";

/// OpenBLAS knows processors by their numbers, and runs one that is newer than itself by its oldest
/// kernel: here it is told what this one can do.
std::string openblas_kernel() {
  return __builtin_cpu_supports("avx512f") ? "SkylakeX"
         : __builtin_cpu_supports("avx2")  ? "Haswell"
                                           : "Nehalem";
}

/// What the peer's script reports for one piece of work; Debian's PyTorch belongs to Debian's
/// Python.
Json run_peer(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"/usr/bin/env",     "-u",
                                   "OPENBLAS_L2_SIZE", "OPENBLAS_CORETYPE=" + openblas_kernel(),
                                   "/usr/bin/python3", kPyTorchScript};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const mcu::ProcessResult result = mcu::run_process(command, std::chrono::hours(1));
  const std::size_t report = result.output.rfind("\n{");
  Json json =
      nn::parse_json(report == std::string::npos ? result.output : result.output.substr(report));
  if (result.exit_code != 0 || !json.contains("seconds")) {
    throw std::runtime_error(
        fmt::format("{} {} failed (it needs python3-torch and libopenblas0-pthread):\n{}",
                    kPyTorchScript, fmt::join(arguments, " "), result.output));
  }
  return json;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Seconds a sample of a batch that `run` works through: the median of some repetitions.
double time_batches(nn::Index batch, const std::function<void()>& run) {
  constexpr int kRuns = 9;
  constexpr double kSecondsOfRun = 0.005;
  std::vector<double> times;
  run();
  for (int repetition = 0; repetition < kRuns; ++repetition) {
    const double begin = processor_seconds();
    double end = begin;
    int runs = 0;
    for (; end - begin < kSecondsOfRun; end = processor_seconds()) {
      run();
      ++runs;
    }
    times.push_back((end - begin) / (runs * static_cast<double>(batch)));
  }
  return median(times);
}

/// Throws unless ONNX Runtime computes this model: a float32 model's outputs are near, and of an
/// int8 model's, whose sums it rounds in float and on some processors saturates, most are within a
/// few steps.
void check_answers(const nn::Matrix& found, const nn::Model& model, const nn::Matrix& inputs) {
  const nn::Matrix expected = nn::forward(model, inputs);
  const bool int8 = nn::arithmetic(model) == nn::Arithmetic::int8;
  const float allowed = int8 ? 4 * nn::output_quantization(model).scale : 1e-3F;
  const auto far = ((found - expected).array().abs() > allowed).cast<int>().sum();
  if (far > (int8 ? found.size() / 10 : 0)) {
    throw std::runtime_error(fmt::format(
        "ONNX Runtime computes another model: {} of {} outputs are off by more than {:g}", far,
        found.size(), allowed));
  }
}

double time_onnx_runtime(const OnnxRuntime& runtime, const nn::Model& model,
                         const nn::Matrix& inputs, nn::Index batch) {
  OnnxRuntime::Session session(runtime, model, batch);
  session.inputs() = inputs.topRows(batch);
  session.run();
  check_answers(session.outputs(), model, session.inputs());
  nn::Index next = 0;
  return time_batches(batch, [&] {
    session.inputs() = inputs.middleRows(next, batch);
    session.run();
    next = next + 2 * batch > inputs.rows() ? 0 : next + batch;
  });
}

double time_ours(const nn::Model& model, const nn::Matrix& inputs, nn::Index batch) {
  if (batch == 1) return time_inference(model, inputs);
  nn::Index next = 0;
  return time_batches(batch, [&] {
    nn::fast_forward(model, inputs.middleRows(next, batch));
    next = next + 2 * batch > inputs.rows() ? 0 : next + batch;
  });
}

/// Times one round here and at the peer, in seconds.
struct Contest {
  std::string work;
  std::string peer;
  std::function<double()> time_ours;
  std::function<double()> time_peer;
};

/// `versions` is given what PyTorch says of itself.
std::vector<Contest> pytorch_contests(const PeerWork& work, Json& versions) {
  const auto contest = [&versions](std::string name, std::vector<std::string> arguments,
                                   std::function<double()> ours) {
    const auto theirs = [arguments = std::move(arguments), &versions] {
      Json json = run_peer(arguments);
      const double seconds = json.at("seconds").get<double>();
      json.erase("seconds");
      versions.update(json);
      return seconds;
    };
    return Contest{std::move(name), "PyTorch", std::move(ours), theirs};
  };
  return {
      contest("LeNet-300-100, one epoch", {"epoch", work.image_file, work.label_file},
              [&] { return time_epoch(work.images); }),
      contest("sine, 600 epochs", {"sine"}, [&] { return time_sine(work.sine); }),
      contest("LeNet-300-100 float, one inference", {"lenet"},
              [&] { return time_ours(work.lenet, work.images.inputs, 1); }),
      contest("LeNet-300-100 int8, one inference", {"lenet-int8"},
              [&] { return time_ours(work.lenet_int8, work.images.inputs, 1); }),
      contest("sine float, one inference", {"sine-float"},
              [&] { return time_ours(work.sine_model, work.sine.inputs, 1); }),
  };
}

std::vector<Contest> onnx_runtime_contests(const PeerWork& work, const OnnxRuntime& runtime) {
  std::vector<Contest> contests;
  const auto add = [&](std::string_view name, const nn::Model& model, const nn::Matrix& inputs,
                       nn::Index batch) {
    contests.push_back({batch == 1 ? fmt::format("{}, one inference", name)
                                   : fmt::format("{}, one of a batch of {}", name, batch),
                        "ONNX Runtime",
                        [&model, &inputs, batch] { return time_ours(model, inputs, batch); },
                        [&, batch] { return time_onnx_runtime(runtime, model, inputs, batch); }});
  };
  for (const nn::Index batch : {1, 256}) {
    add("LeNet-300-100 float", work.lenet, work.images.inputs, batch);
    add("LeNet-300-100 int8", work.lenet_int8, work.images.inputs, batch);
  }
  add("sine float", work.sine_model, work.sine.inputs, 1);
  add("sine int8", work.sine_int8, work.sine.inputs, 1);
  return contests;
}

}  // namespace

PeerRow summarize_rounds(std::string work, std::string peer, const std::vector<double>& ours_s,
                         const std::vector<double>& peer_s) {
  std::vector<double> ratios(ours_s.size());
  std::transform(ours_s.begin(), ours_s.end(), peer_s.begin(), ratios.begin(), std::divides<>());
  const auto [lowest, highest] = std::minmax_element(ratios.begin(), ratios.end());
  return {
      std::move(work), std::move(peer), 1e6 * median(ours_s), 1e6 * median(peer_s), median(ratios),
      *lowest,         *highest};
}

PeerReport compare_with_peers(const PeerWork& work, int rounds,
                              const std::optional<std::filesystem::path>& onnx_runtime,
                              const std::function<void(const std::string& what)>& say) {
  PeerReport report;
  Json versions = Json::object();
  std::vector<Contest> contests = pytorch_contests(work, versions);
  std::optional<OnnxRuntime> runtime;
  if (onnx_runtime) {
    runtime.emplace(*onnx_runtime);
    versions["onnxruntime"] = runtime->version();
    for (Contest& contest : onnx_runtime_contests(work, *runtime)) {
      contests.push_back(std::move(contest));
    }
  }
  for (const Contest& contest : contests) {
    std::vector<double> ours;
    std::vector<double> peer;
    for (int round = 1; round <= rounds; ++round) {
      say(fmt::format("{} and {}: round {} of {}", contest.work, contest.peer, round, rounds));
      ours.push_back(contest.time_ours());
      peer.push_back(contest.time_peer());
    }
    report.rows.push_back(summarize_rounds(contest.work, contest.peer, ours, peer));
  }
  for (const auto& [key, value] : versions.items()) {
    report.versions +=
        fmt::format("{}{} {}", report.versions.empty() ? "" : ", ", key, value.get<std::string>());
  }
  return report;
}

Table peer_table(const std::vector<PeerRow>& rows) {
  Table table{{"work", "ours us", "peer", "peer us", "ours / peer", "lowest", "highest"},
              {false, true, false, true, true, true, true},
              {}};
  for (const PeerRow& row : rows) {
    const auto time = [](double us) { return fmt::format("{:.{}f}", us, us < 100 ? 3 : 0); };
    const auto ratio = [](double value) { return fmt::format("{:.3f}", value); };
    table.rows.push_back({row.work, time(row.ours_us), row.peer, time(row.peer_us),
                          ratio(row.ratio), ratio(row.lowest_ratio), ratio(row.highest_ratio)});
  }
  return table;
}

}  // namespace pare::bench
