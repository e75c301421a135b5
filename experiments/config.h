#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/budget.h"
#include "compress/pass.h"
#include "experiments/model_source.h"
#include "experiments/sources/source.h"
#include "mcu/encodings/choice.h"
#include "nn/train.h"

namespace pare::experiments {

/// One compressed model of an experiment: a name, and the passes that make it from the base model.
struct Variant {
  std::string name;
  std::vector<compress::Step> steps;
};

/// The keys of one table of a config.
struct TableDoc {
  std::string table;   ///< such as "train"; empty for the top
  std::string source;  ///< whose keys of [data] they are, or empty
  std::vector<compress::OptionDoc> options;

  /// "[train]", "[data] source = \"csv\"", "at the top".
  std::string title() const;
};

/// Everything a config says, checked, with every pass built.
struct Experiment {
  std::string name;  ///< of the results folder; the file's own name unless the config says another
  std::vector<std::uint64_t> seeds{1};  ///< each makes every variant anew; at least one
  DataSource data;
  ModelSource model;
  nn::TrainOptions train;
  compress::Retraining retrain;     ///< how passes train; as [train] where [retrain] is silent
  std::vector<std::string> boards;  ///< that every variant is measured on; at least one
  bench::Budget budget;
  mcu::Optimize optimize = mcu::Optimize::balance;  ///< what the encodings are chosen for
  std::vector<Variant> variants;
  std::string
      resolved_base;  ///< [data], [model] and [train] as TOML: what determines the base model
  std::string resolved_retrain;  ///< [retrain], likewise: with the steps, what determines the rest
  std::string resolved_measuring;  ///< optimize and [budget]: what numbers depend on besides models
  /// As TOML: with what --set changed, defaults included, and absolute paths, so that it says the
  /// same wherever it lies.
  std::string resolved;
  std::vector<std::string> notes = {};  ///< what the reader must know of how it was read
  std::vector<TableDoc> docs = {};      ///< of the keys that were read, but for [data]
};

/// Every key of a config, table by table.
std::vector<TableDoc> config_docs();

/// Reads a TOML config; each of `overrides` is a "key=value" in TOML, such as "train.epochs=10",
/// and replaces what the file says. Paths in it are relative to it (FileFinder). Throws
/// std::invalid_argument with file, line and column.
Experiment load_experiment(const std::filesystem::path& path,
                           const std::vector<std::string>& overrides);

/// The experiment's data with one of its seeds. The test set is the same with every seed.
nn::Split make_data(const Experiment& experiment, std::uint64_t seed);

/// The experiment's base model: the one of its file, or one trained with one of its seeds.
nn::Model train_base(const Experiment& experiment, std::uint64_t seed, const nn::Split& data,
                     const std::function<void(int epoch, double loss)>& on_epoch = {});

}  // namespace pare::experiments
