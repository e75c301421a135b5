#include "experiments/runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <memory>

#include "bench/choose_encodings.h"
#include "bench/measure.h"
#include "bench/warnings.h"
#include "experiments/environment.h"
#include "experiments/job_queue.h"
#include "experiments/progress.h"
#include "experiments/step_tree.h"
#include "mcu/emulator/image.h"
#include "mcu/encode.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"

namespace pare::experiments {
namespace {

/// What one variant gives with one seed.
struct Made {
  nn::Model model;
  bench::Row row;
  std::string note;  ///< empty, or what its reader must know: why it has no numbers, or bad ones
  bool agrees = true;
};

void add_note(Made& made, const std::string& text) {
  made.note += (made.note.empty() ? "" : "; ") + text;
}

/// All that is made with one seed. The models and times are those of the step tree's nodes.
struct SeedRun {
  std::uint64_t seed;
  std::vector<nn::Model> models;
  std::vector<double> seconds;  ///< in passes, from the base model on
  std::vector<Made> made;       ///< by variant
};

using Data = std::shared_ptr<const nn::Split>;  // goes with the last job that needs it

/// Evenly spaced rows, as many as a model is validated with.
nn::Matrix some(const nn::Matrix& inputs) {
  const nn::Index step = std::max<nn::Index>(1, inputs.rows() / bench::kValidationVectors);
  return inputs(Eigen::seq(0, inputs.rows() - 1, step), Eigen::all);
}

/// A run: every node of the step tree and every variant's measurement is a job, once per seed.
class Run {
 public:
  Run(const Experiment& experiment, BaseCache& cache, Progress& progress)
      : experiment_(experiment),
        cache_(cache),
        progress_(progress),
        tree_(step_tree(experiment.variants, experiment.train.epochs)) {
    for (const std::uint64_t seed : experiment.seeds) {
      seeds_.push_back({seed, std::vector<nn::Model>(tree_.size()),
                        std::vector<double>(tree_.size()),
                        std::vector<Made>(experiment.variants.size())});
      for (const StepNode& node : tree_) progress_.expect(node.epochs);
      for (std::size_t i = 0; i < 2 * experiment.variants.size(); ++i) progress_.expect(0);
    }
  }

  /// What the reader must know of the data; known once run() is through.
  const std::vector<std::string>& data_notes() const { return data_notes_; }

  std::vector<SeedRun> run() {
    for (SeedRun& seed : seeds_) {
      queue_.add(tree_[0].work, [this, &seed] { make_base(seed); });
    }
    queue_.run(processor_count());
    measure_latencies();
    return std::move(seeds_);
  }

 private:
  /// "seed 2, int8: quantize_int8"
  std::string label(const SeedRun& seed, std::string_view what) const {
    return seeds_.size() == 1 ? std::string(what) : fmt::format("seed {}, {}", seed.seed, what);
  }

  void make_base(SeedRun& seed) {
    Progress::Job job(progress_, label(seed, "base model"), tree_[0].epochs);
    const auto data = std::make_shared<const nn::Split>(make_data(experiment_, seed.seed));
    seed.models[0] = cache_.base_model(seed.seed, *data, [&](int, double) { job.finish_epoch(); });
    if (&seed == &seeds_.front()) {
      timed_inputs_ = some(data->test.inputs);
      data_notes_ = data->notes;
    }
    follow(seed, 0, data);
  }

  /// Queues what waits for the model of a node.
  void follow(SeedRun& seed, std::size_t node, const Data& data) {
    for (const std::size_t variant : tree_[node].variants) {
      // The first one at once: it shows whether the board works, and how long measuring takes.
      const double work = measured_.test_and_set() ? 0 : std::numeric_limits<double>::infinity();
      queue_.add(work, [=, this, &seed] { measure(seed, node, variant, data); });
    }
    for (const std::size_t child : tree_[node].children) {
      queue_.add(tree_[child].work, [=, this, &seed] { make_step(seed, child, data); });
    }
  }

  void make_step(SeedRun& seed, std::size_t index, const Data& data) {
    const StepNode& node = tree_[index];
    Progress::Job job(progress_,
                      label(seed, fmt::format("{}: {}", first_variant(index), node.step->name)),
                      node.epochs);
    compress::Compressed compressed = compress::run(
        {*node.step}, seed.models[node.parent],
        {data->train, data->validation, experiment_.train, seed.seed,
         [&](int, double) { job.finish_epoch(); }, &seed.models[0], experiment_.retrain});
    seed.models[index] = std::move(compressed.model);
    seed.seconds[index] = seed.seconds[node.parent] + compressed.step_seconds.front();
    follow(seed, index, data);
  }

  /// All of a variant's numbers but its host latency, which wants the machine for itself.
  void measure(SeedRun& seed, std::size_t node, std::size_t index, const Data& data) {
    const Variant& variant = experiment_.variants[index];
    const Progress::Job job(progress_, label(seed, fmt::format("{}: measuring", variant.name)));
    Made& made = seed.made[index];
    made.model = seed.models[node];
    made.row.name = variant.name;
    for (const compress::Step& step : variant.steps) made.row.passes.push_back(step.name);
    made.row.compress_seconds = seed.seconds[node];
    const mcu::EncodedModel encoded = bench::choose_encodings(
        made.model, bench::goal_within(experiment_.budget, experiment_.optimize));
    bench::measure_model(made.model, data->test, encoded, made.row);
    made.note = bench::find_warnings(made.model, data->train, data->test, made.row);
    try {
      made.agrees = bench::measure_board(made.model, data->test.inputs,
                                         folder_.path() / fmt::format("{}-{}", seed.seed, index),
                                         encoded, made.row);
      if (!made.agrees) add_note(made, "the board's outputs are not the reference's");
      made.row.excess = bench::find_excess(made.row, experiment_.budget);
    } catch (const mcu::DoesNotFit& error) {
      add_note(made, error.what());
      made.row.excess = error.excess();
    }
  }

  void measure_latencies() {
    for (SeedRun& seed : seeds_) {
      for (Made& made : seed.made) {
        const Progress::Job job(progress_,
                                label(seed, fmt::format("{}: host latency", made.row.name)));
        bench::measure_latency(made.model, timed_inputs_, made.row);
      }
    }
  }

  const std::string& first_variant(std::size_t node) const {
    while (tree_[node].variants.empty()) node = tree_[node].children.front();
    return experiment_.variants[tree_[node].variants.front()].name;
  }

  const Experiment& experiment_;
  BaseCache& cache_;
  Progress& progress_;
  std::vector<StepNode> tree_;
  std::vector<SeedRun> seeds_;
  nn::Matrix timed_inputs_;
  std::vector<std::string> data_notes_;
  std::atomic_flag measured_;
  mcu::TemporaryFolder folder_;  ///< for the boards' images
  JobQueue queue_;
};

/// Notes of one variant, each with the seeds that it holds for unless it holds for all.
void add_notes(const std::vector<SeedRun>& seeds, std::size_t variant, Results& results) {
  std::map<std::string, std::vector<std::uint64_t>> notes;
  for (const SeedRun& seed : seeds) {
    if (!seed.made[variant].note.empty()) notes[seed.made[variant].note].push_back(seed.seed);
  }
  for (const auto& [note, of] : notes) {
    const std::string& name = seeds.front().made[variant].row.name;
    results.notes.push_back(of.size() == seeds.size() ? fmt::format("{}: {}", name, note)
                                                      : fmt::format("{}, seed {}: {}", name,
                                                                    fmt::join(of, " and "), note));
  }
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

Results run(const Experiment& experiment, BaseCache& cache) {
  mcu::require_program("arm-none-eabi-g++", "gcc-arm-none-eabi");
  mcu::require_program("qemu-system-arm", "qemu-system-arm");
  Progress progress(processor_count());
  Run runs(experiment, cache, progress);
  std::vector<SeedRun> seeds = runs.run();
  Results results{experiment.name,
                  experiment.seeds,
                  experiment.resolved,
                  describe_environment(),
                  count_layers(seeds.front().models.front()),
                  {},
                  {}};
  results.notes = experiment.notes;
  results.notes.insert(results.notes.end(), runs.data_notes().begin(), runs.data_notes().end());
  for (std::size_t i = 0; i < experiment.variants.size(); ++i) {
    add_notes(seeds, i, results);
    results.rows.emplace_back();
    results.models.emplace_back();
    for (SeedRun& seed : seeds) {
      results.all_agree = results.all_agree && seed.made[i].agrees;
      results.rows.back().push_back(std::move(seed.made[i].row));
      results.models.back().push_back(std::move(seed.made[i].model));
    }
  }
  return results;
}

}  // namespace pare::experiments
