#include "experiments/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "bench/measure.h"
#include "bench/notes.h"
#include "experiments/job_queue.h"
#include "experiments/made.h"
#include "experiments/messages.h"
#include "experiments/progress.h"
#include "experiments/step_tree.h"
#include "mcu/emulator/image.h"
#include "mcu/encode.h"
#include "mcu/temporary_folder.h"

namespace pare::experiments {
namespace {

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

void check_width(std::string_view what, nn::Index count) {
  if (count <= mcu::kWidestLayer) return;
  throw std::invalid_argument(
      fmt::format("the data has {} {}, and a layer on the board at most {}; leave some out", count,
                  what, mcu::kWidestLayer));
}

/// Throws unless a file's model takes what the data has.
void check_fit(const nn::Model& model, const nn::Split& data) {
  const nn::Index features = data.train.inputs.cols();
  if (features != nn::input_count(model)) {
    throw std::invalid_argument(
        fmt::format("the model of [model] takes {} inputs, and the data has "
                    "{} features",
                    nn::input_count(model), features));
  }
  const nn::Index targets = data.train.targets.cols();
  const bool classes = data.train.task == nn::Task::classification;
  const nn::Index outputs = classes && nn::is_binary(model) ? 2 : nn::output_count(model);
  if (targets != outputs) {
    throw std::invalid_argument(fmt::format("the model of [model] has {} {}, and the data {}",
                                            outputs, classes ? "classes" : "outputs", targets));
  }
}

/// A run: every node of the step tree and every variant's measurement is a job, once per seed.
class Run {
 public:
  Run(const Experiment& experiment, BaseCache& cache, Journal& journal, Progress& progress)
      : experiment_(experiment),
        cache_(cache),
        journal_(journal),
        progress_(progress),
        tree_(step_tree(experiment.variants, experiment.train.epochs)) {
    std::vector<Made> unmade;
    for (const Variant& variant : experiment.variants) {
      unmade.emplace_back();
      unmade.back().row.name = variant.name;
      for (const compress::Step& step : variant.steps) {
        unmade.back().row.passes.push_back(step.name);
      }
    }
    for (const std::uint64_t seed : experiment.seeds) {
      seeds_.push_back(
          {seed, std::vector<nn::Model>(tree_.size()), std::vector<double>(tree_.size()), unmade});
      for (const StepNode& node : tree_) progress_.expect(node.epochs);
      for (std::size_t i = 0; i < 2 * experiment.variants.size(); ++i) progress_.expect(0);
    }
  }

  /// What the reader must know of the data; known once run() is through.
  const std::vector<std::string>& data_notes() const { return data_notes_; }

  std::vector<SeedRun> run() {
    for (SeedRun& seed : seeds_) {
      add_job(seed, 0, tree_[0].work, [this, &seed] { make_base(seed); });
    }
    queue_.run(processor_count());
    if (timed_inputs_.size() == 0) std::rethrow_exception(failure_);  // there is no base model
    measure_latencies();
    return std::move(seeds_);
  }

 private:
  /// "seed 2, int8: quantize_int8"
  std::string label(const SeedRun& seed, std::string_view what) const {
    return seeds_.size() == 1 ? std::string(what) : fmt::format("seed {}, {}", seed.seed, what);
  }

  /// Queues what makes the model of a node. Where that fails, so do the variants that follow from
  /// it, and no others.
  void add_job(SeedRun& seed, std::size_t node, double work, const std::function<void()>& make) {
    queue_.add(work, [=, this, &seed] {
      try {
        make();
      } catch (const std::exception& error) {
        {
          const std::lock_guard lock(mutex_);
          if (!failure_) failure_ = std::current_exception();
        }
        fail(seed, node, explain(error));
        // Without a base model nothing may be left to report of: run() then throws.
        if (node != 0) report(seed, first_variant(node), false);
      }
    });
  }

  void fail(SeedRun& seed, std::size_t node, const std::string& why) {
    for (const std::size_t variant : tree_[node].variants) {
      seed.made[variant].row.note = why;
      seed.made[variant].whole = false;
    }
    for (const std::size_t child : tree_[node].children) fail(seed, child, why);
  }

  void make_base(SeedRun& seed) {
    Progress::Job job(progress_, label(seed, "base model"), tree_[0].epochs);
    const auto data = std::make_shared<const nn::Split>(make_data(experiment_, seed.seed));
    check_width("features", data->train.inputs.cols());
    check_width("outputs", data->train.targets.cols());
    if (experiment_.model.file) check_fit(experiment_.model.file->model, *data);
    seed.models[0] = cache_.base_model(seed.seed, *data, [&](int, double) { job.finish_epoch(); });
    {
      const std::lock_guard lock(mutex_);
      if (timed_inputs_.size() == 0) timed_inputs_ = some(data->test.inputs);
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
      add_job(seed, child, tree_[child].work, [=, this, &seed] { make_step(seed, child, data); });
    }
  }

  void make_step(SeedRun& seed, std::size_t index, const Data& data) {
    const StepNode& node = tree_[index];
    Progress::Job job(
        progress_,
        label(seed, fmt::format("{}: {}", experiment_.variants[first_variant(index)].name,
                                node.step->name)),
        node.epochs);
    const std::uint64_t key = journal_.model_key(seed.seed, seed.models[0], steps_to(index));
    std::optional<Journal::Made> made = journal_.find_model(key);
    if (!made) {
      compress::Compressed compressed = compress::run(
          {*node.step}, seed.models[node.parent],
          {data->train, data->validation, experiment_.train, seed.seed,
           [&](int, double) { job.finish_epoch(); }, &seed.models[0], experiment_.retrain});
      made = {std::move(compressed.model), compressed.step_seconds.front()};
      journal_.add_model(key, *made);
    }
    seed.models[index] = std::move(made->model);
    seed.seconds[index] = seed.seconds[node.parent] + made->seconds;
    follow(seed, index, data);
  }

  /// All of a variant's numbers but its host latency, which wants the machine for itself.
  void measure(SeedRun& seed, std::size_t node, std::size_t index, const Data& data) {
    const Variant& variant = experiment_.variants[index];
    const Progress::Job job(progress_, label(seed, fmt::format("{}: measuring", variant.name)));
    Made& made = seed.made[index];
    made.model = seed.models[node];
    const std::uint64_t key = journal_.row_key(seed.seed, variant, made.model);
    const std::optional<bench::Row> found = journal_.find_row(key);
    if (found) {
      made.row = *found;
    } else {
      made.row.compress_seconds = seed.seconds[node];
      measure_boards(experiment_, *data, folder_.path() / fmt::format("{}-{}", seed.seed, index),
                     made);
      if (made.whole) journal_.add_row(key, made.row);
    }
    report(seed, index, found.has_value());
  }

  void measure_latencies() {
    for (SeedRun& seed : seeds_) {
      for (Made& made : seed.made) {
        if (made.model.layers.empty()) continue;
        const Progress::Job job(progress_,
                                label(seed, fmt::format("{}: host latency", made.row.name)));
        measure_host(timed_inputs_, made);
      }
    }
  }

  /// Says what came of a variant, where no line shows the progress.
  void report(const SeedRun& seed, std::size_t variant, bool kept) {
    const bench::Row& row = seed.made[variant].row;
    progress_.report(fmt::format("pare: {}: {}{}", label(seed, row.name), bench::summarize(row),
                                 kept ? ", from an earlier run" : ""));
  }

  std::size_t first_variant(std::size_t node) const {
    while (tree_[node].variants.empty()) node = tree_[node].children.front();
    return tree_[node].variants.front();
  }

  /// The steps from the base model to a node.
  std::vector<compress::Step> steps_to(std::size_t node) const {
    std::vector<compress::Step> steps;
    for (; node != 0; node = tree_[node].parent) steps.insert(steps.begin(), *tree_[node].step);
    return steps;
  }

  const Experiment& experiment_;
  BaseCache& cache_;
  Journal& journal_;
  Progress& progress_;
  std::vector<StepNode> tree_;
  std::vector<SeedRun> seeds_;
  std::mutex mutex_;
  nn::Matrix timed_inputs_;
  std::vector<std::string> data_notes_;
  std::exception_ptr failure_;  ///< the first one
  std::atomic_flag measured_;
  mcu::TemporaryFolder folder_;  ///< for the boards' images
  JobQueue queue_;
};

/// The base model of the first seed that has one.
const nn::Model& base_model(const std::vector<SeedRun>& seeds) {
  return std::find_if(seeds.begin(), seeds.end(),
                      [](const SeedRun& seed) { return !seed.models[0].layers.empty(); })
      ->models[0];
}

}  // namespace

Results run(const Experiment& experiment, BaseCache& cache, Journal& journal,
            nlohmann::json environment) {
  for (const std::string& name : experiment.boards) mcu::require_tools(mcu::board_named(name));
  Progress progress(processor_count());
  Run runs(experiment, cache, journal, progress);
  std::vector<SeedRun> seeds = runs.run();
  Results results{experiment.name,
                  experiment.seeds,
                  experiment.resolved,
                  std::move(environment),
                  count_layers(base_model(seeds)),
                  {},
                  {}};
  results.notes = experiment.notes;
  results.notes.insert(results.notes.end(), runs.data_notes().begin(), runs.data_notes().end());
  for (std::size_t i = 0; i < experiment.variants.size(); ++i) {
    results.rows.emplace_back();
    results.models.emplace_back();
    for (SeedRun& seed : seeds) {
      results.whole = results.whole && seed.made[i].whole;
      results.rows.back().push_back(std::move(seed.made[i].row));
      results.models.back().push_back(std::move(seed.made[i].model));
    }
  }
  return results;
}

}  // namespace pare::experiments
