#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compress/options.h"
#include "experiments/file_finder.h"
#include "nn/dataset.h"
#include "nn/partition.h"

namespace pare::experiments {

/// What [data] of a config says, ready to be loaded.
struct DataSource {
  std::vector<std::string> files;  ///< that it comes from
  /// The data, split; the seed fixes what is random in it, though the test set is the same with
  /// every one. Throws std::runtime_error on files that are missing or damaged,
  /// std::invalid_argument on ones that do not belong together.
  std::function<nn::Split(std::uint64_t seed)> load;
};

/// What a source may ask for besides its options.
struct SourceContext {
  FileFinder& finder;                      ///< finds the files that the options name
  std::shared_ptr<const nn::Model> model;  ///< of [model]'s file, or null
};

/// A kind of source. A new one is a file here, and a line in the registry.
struct SourceKind {
  std::string_view name;  ///< as `source` of a config has it
  /// Reads its options. Throws std::invalid_argument with the place of what is wrong.
  DataSource (*read)(compress::Options& options, const SourceContext& context);
  std::string_view example = {};  ///< in TOML, the least that it must be told
};

/// All kinds, in the order of the registry.
std::span<const SourceKind* const> source_kinds();

/// Reads [data]. Without `source` it is the sine, or where [model] is a file's random inputs.
DataSource read_data_source(compress::Options& options, const SourceContext& context);

/// The most samples that an option may ask for.
constexpr double kMostSamples = 1e8;

/// The files that a pattern with * and ? stands for, sorted; of a folder the .csv files in it and
/// its folders, or else its .tsv or .txt files.
std::vector<std::string> matching_files(const std::string& pattern);

/// The samples `rows` of `data`.
nn::Dataset rows_of(const nn::Dataset& data, const std::vector<nn::Index>& rows);

/// What a split of `data` goes by: its classes, if it has some, and its groups.
nn::Strata strata_of(const nn::Dataset& data);

/// Splits samples off the training set for validation, of each class alike, and none of one group
/// without the others: about `count`, or if that is 0 a fifth, at most 10,000. Throws
/// std::invalid_argument as split_off does, and as choose_part does.
nn::Split split_by_class(const nn::Dataset& train, nn::Dataset test, nn::Index count,
                         std::uint64_t seed);

/// Splits `count` random samples off the training set for validation. Throws std::invalid_argument
/// if nothing is left, or the two sets do not belong together.
nn::Split split_off(const nn::Dataset& train, nn::Dataset test, nn::Index count,
                    std::uint64_t seed);

}  // namespace pare::experiments
