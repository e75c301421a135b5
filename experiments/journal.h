#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/row.h"
#include "compress/pass.h"
#include "experiments/config.h"

namespace pare::experiments {

/// The finished jobs of an experiment's runs, so that a second run goes on from what is there. Each
/// is kept in files that are named by a hash of everything that determines it, this program and the
/// tools that measure included, and that appear whole or not at all. Any thread may use it.
class Journal {
 public:
  /// Keeps them in a folder of the experiment's name in `folder`. `base` is the hash of what
  /// determines its base models, `environment` what describe_environment() gives. `fresh` ignores
  /// what is there, and replaces it.
  Journal(const Experiment& experiment, std::uint64_t base, const nlohmann::json& environment,
          const std::filesystem::path& folder, bool fresh);

  /// The hash of what a chain of passes makes of a base model with a seed.
  std::uint64_t model_key(std::uint64_t seed, const nn::Model& base,
                          const std::vector<compress::Step>& steps) const;

  /// The hash of what is measured of a variant's model with a seed; not of its host latency, which
  /// belongs to the moment.
  std::uint64_t row_key(std::uint64_t seed, const Variant& variant, const nn::Model& model) const;

  struct Made {
    nn::Model model;
    double seconds;  ///< that its last pass took
  };

  /// What was kept under a key, if it was. A damaged file is passed over with a note.
  std::optional<Made> find_model(std::uint64_t key);
  std::optional<bench::Row> find_row(std::uint64_t key);

  /// Keeps what a job gave. What cannot be written is passed over with a note.
  void add_model(std::uint64_t key, const Made& made);
  void add_row(std::uint64_t key, const bench::Row& row);

  /// Removes what neither find nor add was asked about: it belongs to other configs.
  void remove_the_rest();

  /// What went wrong so far.
  std::vector<std::string> notes() const;

  /// Jobs that were not done because they were there.
  std::size_t found() const;

 private:
  std::filesystem::path path(std::uint64_t key, const char* ending);
  std::optional<nlohmann::json> read(std::uint64_t key);
  void write(std::uint64_t key, const nlohmann::json& json);
  void note(std::string text);
  void count_found();

  std::filesystem::path folder_;
  bool fresh_;
  std::string made_by_;      ///< what determines the models, besides the steps
  std::string measured_by_;  ///< what determines the numbers, besides the model
  mutable std::mutex mutex_;
  std::set<std::filesystem::path> used_;
  std::vector<std::string> notes_;
  std::size_t found_ = 0;
};

}  // namespace pare::experiments
