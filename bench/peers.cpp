#include "bench/peers.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bench/host_latency.h"
#include "build_paths.h"
#include "mcu/process.h"
#include "nn/train.h"

namespace pare::bench {
namespace {

using Json = nlohmann::json;

double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The second of two epochs of LeNet-300-100, by the wall clock where there are several threads.
double time_epoch(const nn::Dataset& images, int threads) {
  const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  nn::TrainOptions options;
  options.epochs = 2;
  options.batch_size = 128;
  options.learning_rate = 1e-3;
  options.schedule = nn::Schedule::constant;
  options.scale_inputs = false;
  options.scale_targets = false;
  options.threads = threads;
  double begin = 0;
  double end = 0;
  nn::TrainHooks hooks;
  hooks.on_epoch = [&](int, double) {
    begin = end;
    end = seconds(clock);
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
  const double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
  nn::train_new({16, 16}, nn::Activation::relu, sine, options, 1);
  return seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
}

double time_inference(const nn::Model& model, const nn::Matrix& inputs) {
  return 1e-9 * measure_host_latency(model, inputs.topRows(1000)).median_ns;
}

/// What the peer's script reports for one piece of work. The two variables would make OpenBLAS run
/// another processor's kernel; Debian's PyTorch belongs to Debian's Python.
Json run_peer(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"/usr/bin/env",
                                   "-u",
                                   "OPENBLAS_CORETYPE",
                                   "-u",
                                   "OPENBLAS_L2_SIZE",
                                   "/usr/bin/python3",
                                   PARE_SOURCE_DIR "/bench/peers/pytorch.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const mcu::ProcessResult result = mcu::run_process(command, std::chrono::hours(1));
  const std::size_t report = result.output.rfind("\n{");
  Json json = Json::parse(
      report == std::string::npos ? result.output : result.output.substr(report), nullptr, false);
  if (result.exit_code != 0 || !json.contains("seconds")) {
    throw std::runtime_error(fmt::format(
        "{} {} failed (it needs python3-torch and libopenblas0-pthread):\n{}",
        PARE_SOURCE_DIR "/bench/peers/pytorch.py", fmt::join(arguments, " "), result.output));
  }
  return json;
}

struct Contest {
  std::string name;
  double to_reach;
  std::vector<std::string> peer_arguments;
  std::function<double()> time_ours;
};

std::vector<Contest> contests(const PeerWork& work) {
  const auto epoch = [&](int threads) {
    return Contest{
        fmt::format("LeNet-300-100, one epoch, {}", threads == 1 ? "1 thread" : "2 threads"),
        0.67,
        {"epoch", fmt::format("{}", threads), work.image_file, work.label_file},
        [&work, threads] { return time_epoch(work.images, threads); }};
  };
  return {
      epoch(1),
      epoch(2),
      {"sine, 600 epochs", 0.02, {"sine"}, [&] { return time_sine(work.sine); }},
      {"LeNet-300-100 float, one inference",
       0.5,
       {"lenet"},
       [&] { return time_inference(work.lenet, work.images.inputs); }},
      {"LeNet-300-100 int8, one inference",
       0.1,
       {"lenet-int8"},
       [&] { return time_inference(work.lenet_int8, work.images.inputs); }},
      {"sine float, one inference",
       0.02,
       {"sine-float"},
       [&] { return time_inference(work.sine_model, work.sine.inputs.replicate(2, 1)); }},
  };
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

PeerRow summarize_rounds(std::string work, const std::vector<double>& ours,
                         const std::vector<double>& peer, double to_reach) {
  std::vector<double> ratios(ours.size());
  std::transform(ours.begin(), ours.end(), peer.begin(), ratios.begin(), std::divides<>());
  const auto [lowest, highest] = std::minmax_element(ratios.begin(), ratios.end());
  return {
      std::move(work), 1e6 * median(ours), 1e6 * median(peer), median(ratios), *lowest, *highest,
      to_reach};
}

PeerReport compare_with_peers(const PeerWork& work, int rounds,
                              const std::function<void(const std::string& what)>& say) {
  PeerReport report;
  Json versions = Json::object();
  for (const Contest& contest : contests(work)) {
    std::vector<double> ours;
    std::vector<double> peer;
    for (int round = 1; round <= rounds; ++round) {
      say(fmt::format("{}: round {} of {}", contest.name, round, rounds));
      ours.push_back(contest.time_ours());
      Json json = run_peer(contest.peer_arguments);
      peer.push_back(json.at("seconds").get<double>());
      json.erase("seconds");
      versions.update(json);
    }
    report.rows.push_back(summarize_rounds(contest.name, ours, peer, contest.to_reach));
  }
  for (const auto& [key, value] : versions.items()) {
    report.versions +=
        fmt::format("{}{} {}", report.versions.empty() ? "" : ", ", key, value.get<std::string>());
  }
  return report;
}

Table peer_table(const std::vector<PeerRow>& rows) {
  Table table{{"work", "ours us", "PyTorch us", "ours / PyTorch", "lowest", "highest", "to reach"},
              {false, true, true, true, true, true, true},
              {}};
  for (const PeerRow& row : rows) {
    const auto time = [](double us) { return fmt::format("{:.{}f}", us, us < 100 ? 3 : 0); };
    const auto ratio = [](double value) { return fmt::format("{:.3f}", value); };
    table.rows.push_back({row.work, time(row.ours_us), time(row.peer_us), ratio(row.ratio),
                          ratio(row.lowest_ratio), ratio(row.highest_ratio),
                          fmt::format("{:g}", row.to_reach)});
  }
  return table;
}

}  // namespace pare::bench
