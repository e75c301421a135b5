#include "nn/idx.h"

#include "experiments/sources/source.h"

namespace pare::experiments {
namespace {

struct IdxSource {
  nn::IdxFiles files;
  nn::Index pool = 1;                ///< pixels averaged into one, each way
  nn::Index validation_samples = 0;  ///< taken from the training set at random
};

nn::Split load(const IdxSource& source, std::uint64_t seed) {
  const nn::Dataset train = nn::load_idx(source.files.train_images, source.files.train_labels);
  const nn::Dataset test =
      nn::load_idx(source.files.test_images, source.files.test_labels, train.targets.cols());
  if (source.pool == 1) return split_off(train, test, source.validation_samples, seed);
  return split_off(nn::pool_images(train, source.pool), nn::pool_images(test, source.pool),
                   source.validation_samples, seed);
}

DataSource read(compress::Options& options, const SourceContext& context) {
  IdxSource source;
  const auto read = [&](std::string_view name, std::string& file) {
    file = options.file(name, file, "an IDX file, or gzipped",
                        [&](const auto& given) { return context.finder.find(given); });
  };
  read("train_images", source.files.train_images);
  read("train_labels", source.files.train_labels);
  read("test_images", source.files.test_images);
  read("test_labels", source.files.test_labels);
  source.pool = options.integer("pool", 1, {1, 1000}, "pixels averaged into one, each way");
  source.validation_samples = options.integer("validation_samples", 5000, {1, kMostSamples},
                                              "taken from the training set at random");
  return {{source.files.train_images, source.files.train_labels, source.files.test_images,
           source.files.test_labels},
          [source](std::uint64_t seed) { return load(source, seed); }};
}

}  // namespace

extern const SourceKind kIdxSource;
const SourceKind kIdxSource{"idx", read};

}  // namespace pare::experiments
