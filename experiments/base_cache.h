#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "experiments/config.h"

namespace pare::experiments {

/// Where trained base models are kept, seen from the folder that pare is called in. It may be
/// removed at any time.
constexpr const char* kBaseCache = "results/.cache";

/// The trained base models of an experiment, kept in files that are named by a hash of everything
/// that determines them: [data], [model] and [train] with their defaults, the content of the data
/// files, the seed, and this program itself. Any thread may use it.
class BaseCache {
 public:
  /// `fresh` ignores what is there, and replaces it.
  BaseCache(const Experiment& experiment, std::filesystem::path folder, bool fresh);

  /// The base model with one of the seeds: the one that was kept, or a new one, which is kept. A
  /// file that is damaged, or cannot be written, is passed over with a note.
  nn::Model base_model(std::uint64_t seed, const nn::Split& data,
                       const std::function<void(int epoch, double loss)>& on_epoch = {});

  /// The hash of all that determines them but the seed.
  std::uint64_t hash() const { return hash_; }

  /// The file of one seed.
  std::filesystem::path path(std::uint64_t seed) const;

  /// What went wrong so far.
  std::vector<std::string> notes() const;

  /// Models that were not trained because they were there.
  std::size_t found() const;

 private:
  bool load(const std::filesystem::path& path, const nn::Split& data, nn::Model& model);
  void store(const nn::Model& model, const std::filesystem::path& path);
  void note(std::string text);

  const Experiment& experiment_;
  std::filesystem::path folder_;
  bool fresh_;
  std::uint64_t hash_;
  mutable std::mutex mutex_;
  std::vector<std::string> notes_;
  std::size_t found_ = 0;
};

}  // namespace pare::experiments
