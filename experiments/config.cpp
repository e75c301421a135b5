#include "experiments/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "compress/training_options.h"
#include "experiments/toml_options.h"
#include "mcu/boards/board.h"
#include "nn/nearest_name.h"

namespace pare::experiments {
namespace {

using compress::Options;

/// Results folders, sketches and the serial protocol all carry these names.
void check_name(const std::string& name, const std::string& where) {
  const bool plain =
      !name.empty() && name.size() <= 60 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
      });
  if (plain && name[0] != '-') return;
  throw std::invalid_argument(
      fmt::format("{}: '{}' is no name; use up to 60 letters, digits, '-' and '_', not '-' first",
                  where, name));
}

/// Refuses a key that is none of `known`.
void check_keys(const toml::table& table, std::string_view owner,
                const std::vector<std::string_view>& known) {
  for (const auto& [key, node] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    throw std::invalid_argument(fmt::format("{}: unknown key '{}' of {}; known: {}{}",
                                            where(key.source()), key.str(), owner,
                                            fmt::join(known, ", "), nn::did_you_mean(key, known)));
  }
}

/// `seed` and `seeds` say the same thing in two ways: the one that --set gave holds.
void drop_overridden_seeds(toml::table& root) {
  const toml::node* seed = root.get("seed");
  const toml::node* seeds = root.get("seeds");
  if (seed == nullptr || seeds == nullptr || is_override(*seed) == is_override(*seeds)) return;
  root.erase(is_override(*seed) ? "seeds" : "seed");
}

std::vector<std::uint64_t> read_seeds(Options& top, bool several) {
  constexpr compress::Range kRange{0, 9e15};
  constexpr const char* kHelp = "of the data, the initial weights and the batches";
  if (!several) return {static_cast<std::uint64_t>(top.integer("seed", 1, kRange, kHelp))};
  const auto given = top.integers("seeds", {1}, 1, kRange, kHelp);
  std::vector<std::uint64_t> seeds;
  for (const std::int64_t value : given) {
    const auto seed = static_cast<std::uint64_t>(value);
    if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) {
      top.fail("seeds", fmt::format("seeds = [{}] has {} twice", fmt::join(given, ", "), seed));
    }
    seeds.push_back(seed);
  }
  return seeds;
}

/// What [train] and [retrain] have in common: all but the epochs, also those of the warm-up.
/// `train` holds the defaults.
void read_training(Options& options, nn::TrainOptions& train) {
  train.batch_size = options.integer("batch_size", train.batch_size, {1, 1e8}, "samples");
  train.optimizer = options.choice<nn::OptimizerKind>(
      "optimizer", {{"adam", nn::OptimizerKind::adam}, {"sgd", nn::OptimizerKind::sgd}}, "",
      train.optimizer);
  train.learning_rate =
      options.number("learning_rate", train.learning_rate, compress::kLearningRates, "");
  train.momentum = options.number("momentum", train.momentum, {0, 0.9999}, "of sgd");
  train.schedule = options.choice<nn::Schedule>(
      "schedule", {{"cosine", nn::Schedule::cosine}, {"constant", nn::Schedule::constant}},
      "of the learning rate", train.schedule);
  train.scale_inputs = options.flag("scale_inputs", train.scale_inputs,
                                    "train on features mapped to [-1, 1], folded back afterwards");
  train.scale_targets =
      options.flag("scale_targets", train.scale_targets,
                   "train on targets of mean 0 and deviation 1, folded back (regression)");
  train.dropout = options.number("dropout", train.dropout, compress::kDropouts,
                                 "share of hidden activations dropped");
  train.weight_decay =
      options.number("weight_decay", train.weight_decay, {0, 10}, "decoupled from the gradient");
  train.label_smoothing = options.number("label_smoothing", train.label_smoothing, {0, 0.9},
                                         "share of a target spread over all classes");
  train.flip = options.flag("flip", train.flip, "mirror images at random");
  train.shift =
      options.integer("shift", train.shift, {0, 1000}, "pixels that images move at random");
  train.patience = static_cast<int>(
      options.integer("patience", train.patience, {0, 1e6},
                      "epochs without a better validation error to stop after; 0 never"));
  train.keep_best =
      options.flag("keep_best", train.keep_best, "return the weights of the best validation error");
  train.threads = static_cast<int>(
      options.integer("threads", train.threads, {1, 256},
                      "that share one training; seeds and variants run side by side too"));
}

nn::TrainOptions read_train(Options& options) {
  nn::TrainOptions train;
  train.epochs = static_cast<int>(
      options.integer("epochs", train.epochs, {0, 1e6}, "passes over the training data"));
  train.warmup_epochs = static_cast<int>(options.integer(
      "warmup_epochs", train.warmup_epochs, {0, 1e6}, "over which the rate rises from 0"));
  read_training(options, train);
  if (train.warmup_epochs > train.epochs) {
    options.fail("warmup_epochs", fmt::format("warmup_epochs = {} is more than epochs = {}",
                                              train.warmup_epochs, train.epochs));
  }
  options.expect_empty();
  return train;
}

compress::Retraining read_retrain(Options& options, const nn::TrainOptions& train) {
  compress::Retraining retrain{.options = train};
  retrain.options.warmup_epochs = 0;  // passes train for a few epochs, and from a trained model
  read_training(options, retrain.options);
  retrain.teacher = options.number("teacher", retrain.teacher, compress::kTeacherShares,
                                   "share of the base model's outputs in the loss");
  retrain.temperature = options.number("temperature", retrain.temperature, compress::kTemperatures,
                                       "softmax temperature with a teacher, for classes");
  options.expect_empty();
  return retrain;
}

/// Those that run here: what cannot be measured is exported and flashed all the same.
std::vector<std::string> read_boards(Options& options) {
  std::vector<std::string_view> known;
  for (const mcu::Board* board : mcu::boards()) {
    if (board->emulator != nullptr) known.push_back(board->name);
  }
  return options.words("boards", {std::string(mcu::boards().front()->name)}, known,
                       "that every variant is measured on");
}

bench::Budget read_budget(Options& options) {
  const auto limit = [&](const char* name, const char* help) {
    return static_cast<double>(options.integer(name, 0, {0, 1e9}, help));
  };
  bench::Budget budget;
  budget.flash_bytes =
      limit("flash",
            "bytes of the model and its code, within which the fewest cycles are chosen; 0 for the "
            "board's limit");
  budget.ram_bytes = limit("ram", "bytes of static data; 0 for the board's limit");
  budget.cycles =
      limit("cycles",
            "of one inference, as estimated, within which the fewest bytes are chosen; 0 for none");
  options.expect_empty();
  return budget;
}

compress::Step read_step(const toml::node& node) {
  if (const auto* name = node.as_string()) {
    return compress::make_step(name->get(), {}, where(node));
  }
  const auto* table = node.as_table();
  const toml::node* name = table == nullptr ? nullptr : table->get("pass");
  if (name == nullptr || !name->is_string()) {
    throw std::invalid_argument(
        fmt::format("{}: a pass is a name, or a table {{ pass = \"name\", option = value, ... }}",
                    where(node)));
  }
  compress::Options::Values values = option_values(*table);
  values.erase("pass");
  return compress::make_step(name->as_string()->get(), std::move(values), where(*name));
}

Variant read_variant(const toml::table& table) {
  check_keys(table, "a variant", {"name", "passes"});
  Variant variant;
  const auto name = table.find("name");
  if (name == table.end()) {
    throw std::invalid_argument(
        fmt::format("{}: a variant needs a name; add name = \"...\"", where(table)));
  }
  Options::Values values;
  values.insert(option_value(name->first, name->second));
  variant.name = Options("a variant", std::move(values)).text("name", "", "of the variant");
  check_name(variant.name, where(name->second));
  const toml::node* passes = table.get("passes");
  if (passes == nullptr) return variant;
  if (!passes->is_array()) {
    throw std::invalid_argument(fmt::format(
        "{}: passes is not a list; write passes = [\"magnitude_prune\", \"quantize_int8\"]",
        where(*passes)));
  }
  for (const toml::node& node : *passes->as_array()) variant.steps.push_back(read_step(node));
  compress::check_order(variant.steps);
  return variant;
}

std::vector<Variant> read_variants(const toml::table& root) {
  const toml::node* node = root.get("variants");
  if (node == nullptr || !node->is_array_of_tables()) {
    throw std::invalid_argument(fmt::format(
        "{}: a config needs at least one [[variants]] table, with a name and the list of its "
        "passes",
        where(node ? *node : root)));
  }
  std::vector<Variant> variants;
  std::set<std::string> names;
  for (const toml::node& entry : *node->as_array()) {
    variants.push_back(read_variant(*entry.as_table()));
    if (!names.insert(variants.back().name).second) {
      throw std::invalid_argument(
          fmt::format("{}: a variant named '{}' is there already; give it another name",
                      where(*entry.as_table()->get("name")), variants.back().name));
    }
  }
  return variants;
}

std::string table_toml(std::string_view name, const Options& options) {
  return fmt::format("\n[{}]\n{}\n", name, fmt::join(options.resolved(), "\n"));
}

std::string variants_toml(const std::vector<Variant>& variants) {
  std::string text;
  for (const Variant& variant : variants) {
    text += fmt::format("\n[[variants]]\nname = \"{}\"\npasses = [\n", variant.name);
    for (const compress::Step& step : variant.steps) {
      text += fmt::format("  {{ pass = \"{}\"", step.name);
      for (const std::string& option : step.resolved) text += ", " + option;
      text += " },\n";
    }
    text += "]\n";
  }
  return text;
}

Experiment read_experiment(toml::table root, const std::filesystem::path& path) {
  check_keys(root, "the config",
             {"name", "seed", "seeds", "optimize", "boards", "data", "model", "train", "retrain",
              "budget", "variants"});
  drop_overridden_seeds(root);
  Options::Values values;
  for (const auto& [key, node] : root) {
    if (key == "name" || key == "seed" || key == "seeds" || key == "optimize" || key == "boards") {
      values.insert(option_value(key, node));
    }
  }
  if (values.contains("seed") && values.contains("seeds")) {
    throw std::invalid_argument(
        fmt::format("{}: seed and seeds are both there; keep one of them", values["seeds"].where));
  }
  Options top("the config", std::move(values), path.string());
  Options data = table_options(root, "data");
  Options model = table_options(root, "model");
  Options train = table_options(root, "train");
  Options retrain = table_options(root, "retrain");
  Options budget = table_options(root, "budget");

  Experiment experiment;
  experiment.name = top.text("name", path.stem().string(), "of the results folder");
  const toml::node* name = root.get("name");
  check_name(experiment.name, name == nullptr ? path.string() : where(*name));
  experiment.seeds = read_seeds(top, root.contains("seeds"));
  experiment.optimize =
      top.choice<mcu::Optimize>("optimize",
                                {{"balance", mcu::Optimize::balance},
                                 {"size", mcu::Optimize::size},
                                 {"speed", mcu::Optimize::speed}},
                                "what the encodings of the layers are chosen for");
  experiment.boards = read_boards(top);
  FileFinder finder(path);
  experiment.model = read_model_source(model, finder);
  experiment.data = read_data_source(data, {finder, model_of(experiment.model)});
  experiment.notes = finder.notes();
  experiment.train = read_train(train);
  experiment.retrain = read_retrain(retrain, experiment.train);
  experiment.budget = read_budget(budget);
  experiment.variants = read_variants(root);
  experiment.resolved_base =
      table_toml("data", data) + table_toml("model", model) + table_toml("train", train);
  experiment.resolved_retrain = table_toml("retrain", retrain);
  experiment.resolved_measuring =
      fmt::format("optimize = {}\nboards = {}\n{}", mcu::name(experiment.optimize),
                  fmt::join(experiment.boards, ", "), table_toml("budget", budget));
  experiment.resolved =
      fmt::format("{}\n{}{}{}{}", fmt::join(top.resolved(), "\n"), experiment.resolved_base,
                  experiment.resolved_retrain, table_toml("budget", budget),
                  variants_toml(experiment.variants));
  experiment.docs = {{"", "", top.docs()},
                     {"model", "", model.docs()},
                     {"train", "", train.docs()},
                     {"retrain", "", retrain.docs()},
                     {"budget", "", budget.docs()}};
  return experiment;
}

}  // namespace

Experiment load_experiment(const std::filesystem::path& path,
                           const std::vector<std::string>& overrides) {
  return read_experiment(parse_config(path, overrides), path);
}

std::string TableDoc::title() const {
  if (table.empty()) return "at the top";
  return source.empty() ? fmt::format("[{}]", table)
                        : fmt::format("[{}] source = \"{}\"", table, source);
}

std::vector<TableDoc> config_docs() {
  const std::filesystem::path nowhere = "FILE.toml";
  std::vector<TableDoc> docs =
      read_experiment(toml::parse("[[variants]]\nname = \"a\"\n"), nowhere).docs;
  FileFinder finder(nowhere);
  std::vector<TableDoc> sources;
  for (const SourceKind* kind : source_kinds()) {
    Options options("[data]", option_values(toml::parse(kind->example)));
    kind->read(options, {finder, std::make_shared<const nn::Model>()});
    sources.push_back({"data", std::string(kind->name), options.docs()});
  }
  docs.insert(docs.begin() + 1, sources.begin(), sources.end());
  return docs;
}

nn::Split make_data(const Experiment& experiment, std::uint64_t seed) {
  nn::Split data = experiment.data.load(seed);
  if (experiment.model.file) match_to_model(data, experiment.model.file->model);
  return data;
}

nn::Model train_base(const Experiment& experiment, std::uint64_t seed, const nn::Split& data,
                     const std::function<void(int epoch, double loss)>& on_epoch) {
  if (experiment.model.file) return experiment.model.file->model;
  nn::Model ends;
  if (experiment.train.scale_inputs) ends.inputs = nn::fit_inputs(data.train);
  if (experiment.train.scale_targets || data.train.task == nn::Task::classification) {
    ends.outputs = nn::fit_outputs(data.train);
  }
  const auto train = nn::between_ends(data.train, ends);
  const auto validation = nn::between_ends(data.validation, ends);
  nn::Model model = nn::train_new(
      experiment.model.hidden, experiment.model.activation, *train, experiment.train, seed,
      {.objective = {}, .view = {}, .validation = validation.get(), .on_epoch = on_epoch});
  model.inputs = std::move(ends.inputs);
  model.inputs.names = data.train.feature_names;
  model.outputs = std::move(ends.outputs);
  model.outputs.names = data.train.class_names;
  return model;
}

}  // namespace pare::experiments
