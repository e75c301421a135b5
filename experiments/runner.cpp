#include "experiments/runner.h"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <numeric>
#include <thread>

#include "bench/measure.h"
#include "experiments/environment.h"
#include "experiments/progress.h"
#include "mcu/emulator/image.h"
#include "mcu/encode.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"

namespace pare::experiments {
namespace {

/// Everything a variant's worker needs.
struct Work {
  const Experiment& experiment;
  const nn::Split& data;
  const nn::Model& base;
  const std::filesystem::path& folder;  ///< for the boards' images
  Progress& progress;
};

/// What one variant gives.
struct Made {
  nn::Model model;
  bench::Row row;
  std::string note;  ///< empty, or why the board has no numbers or the wrong ones
  bool agrees = true;
};

/// All of a variant but its host latency, which wants the machine for itself.
Made make_variant(const Work& work, const Variant& variant) {
  const auto say = [&](std::string_view what) {
    work.progress.say(fmt::format("{}: {}", variant.name, what));
  };
  const compress::Context context{work.data.train, work.data.validation, work.experiment.train,
                                  work.experiment.seed, say};
  compress::Compressed compressed = compress::run(variant.steps, work.base, context);
  Made made{std::move(compressed.model), {}, {}};
  made.row.name = variant.name;
  for (const compress::Step& step : variant.steps) made.row.passes.push_back(step.name);
  made.row.compress_seconds =
      std::accumulate(compressed.step_seconds.begin(), compressed.step_seconds.end(), 0.0);
  say("measuring");
  bench::measure_model(made.model, work.data.test, made.row);
  try {
    made.agrees = bench::measure_board(made.model, work.data.test.inputs,
                                       work.folder / variant.name, made.row);
    if (!made.agrees) made.note = "the board's outputs are not the reference's";
  } catch (const mcu::DoesNotFit& error) {
    made.note = error.what();
  }
  return made;
}

/// Calls work(0) to work(count - 1) on all processors; rethrows the first exception.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto worker = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back(worker);
  }
  threads.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

nlohmann::json count_layers(const nn::Model& model) {
  nlohmann::json layers = nlohmann::json::array();
  for (const nn::Layer& layer : model.layers) {
    const nn::Index parameters = nn::parameter_count(layer);
    const mcu::EncodedModel encoded = mcu::encode(nn::Model{{layer}});
    layers.push_back({{"inputs", nn::input_count(layer)},
                      {"outputs", nn::output_count(layer)},
                      {"parameters", parameters},
                      {"bytes", encoded.bytes.size()}});
  }
  return layers;
}

Results run(const Experiment& experiment) {
  mcu::require_program("arm-none-eabi-g++", "gcc-arm-none-eabi");
  mcu::require_program("qemu-system-arm", "qemu-system-arm");
  Progress progress;
  const nn::Split data = make_data(experiment);
  const nn::Model base = train_base(experiment, data, [&](int epoch, double loss) {
    progress.say(
        fmt::format("training: epoch {} of {}, loss {:.3g}", epoch, experiment.train.epochs, loss));
  });
  const mcu::TemporaryFolder folder;
  const Work work{experiment, data, base, folder.path(), progress};
  Results results{experiment.name,
                  experiment.seed,
                  experiment.resolved,
                  describe_environment(),
                  count_layers(base),
                  {},
                  {}};
  std::vector<Made> made(experiment.variants.size());
  in_parallel(experiment.variants.size(),
              [&](std::size_t i) { made[i] = make_variant(work, experiment.variants[i]); });
  for (Made& variant : made) {
    if (!variant.note.empty()) {
      results.notes.push_back(fmt::format("{}: {}", variant.row.name, variant.note));
    }
    results.all_agree = results.all_agree && variant.agrees;
    results.rows.push_back(std::move(variant.row));
    results.models.push_back(std::move(variant.model));
  }
  for (std::size_t i = 0; i < results.rows.size(); ++i) {
    progress.say(fmt::format("{}: host latency", results.rows[i].name));
    bench::measure_latency(results.models[i], data.test.inputs, results.rows[i]);
  }
  return results;
}

}  // namespace pare::experiments
