#include "experiments/base_cache.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "nn/formats/safetensors.h"
#include "nn/forward.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
using experiments::BaseCache;
using experiments::Experiment;
using tests::Folder;
using tests::read_file;
namespace fs = std::filesystem;

namespace {

Experiment load(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Folder folder;
  return experiments::load_experiment(folder.write("c.toml", text), overrides);
}

/// A sample experiment, its data, and a folder for its base models.
struct Setting {
  Folder folder;
  fs::path models = folder.path() / "cache";
  Experiment experiment = load(tests::kSampleConfig);
  nn::Split data = experiments::make_data(experiment, 3);
  int epochs = 0;

  nn::Model base(BaseCache& cache) {
    epochs = 0;
    return cache.base_model(3, data, [this](int, double) { ++epochs; });
  }

  /// What a new model gives for the test inputs.
  nn::Matrix trained_outputs() const { return outputs(train_base(experiment, 3, data)); }
  nn::Matrix outputs(const nn::Model& model) const { return nn::forward(model, data.test.inputs); }
};

fs::path file_of(const std::string& text, const std::vector<std::string>& overrides = {},
                 std::uint64_t seed = 3) {
  return BaseCache(load(text, overrides), "cache", false).path(seed);
}

}  // namespace

TEST_CASE("a base model is trained once, and then taken from its file") {
  Setting setting;
  BaseCache cache(setting.experiment, setting.models, false);
  CHECK(setting.outputs(setting.base(cache)) == setting.trained_outputs());
  CHECK(setting.epochs == 5);
  CHECK(cache.found() == 0);
  CHECK(fs::exists(cache.path(3)));
  BaseCache later(setting.experiment, setting.models, false);
  CHECK(setting.outputs(setting.base(later)) == setting.trained_outputs());
  CHECK(setting.epochs == 0);
  CHECK(later.found() == 1);
  CHECK(later.notes().empty());
  CHECK(std::distance(fs::directory_iterator(setting.models), fs::directory_iterator()) == 1);
}

TEST_CASE("whatever determines the base model changes its file, and nothing else does") {
  const fs::path file = file_of(tests::kSampleConfig);
  CHECK(file.parent_path() == "cache");
  CHECK(file_of(tests::kSampleConfig) == file);
  CHECK(file_of(tests::kSampleConfig, {"name=other"}) == file);
  CHECK(file_of(tests::kSampleConfig, {"seeds=[1, 3]"}) == file);
  CHECK(file_of(std::string(tests::kSampleConfig) + "[[variants]]\nname = \"more\"\n") == file);
  CHECK(file_of(tests::kSampleConfig, {"train.optimizer=adam"}) == file);  // the default, said
  CHECK(file_of(tests::kSampleConfig, {}, 4) != file);
  CHECK(file_of(tests::kSampleConfig, {"train.epochs=6"}) != file);
  CHECK(file_of(tests::kSampleConfig, {"model.hidden=[5]"}) != file);
  CHECK(file_of(tests::kSampleConfig, {"data.noise=0.1"}) != file);
}

TEST_CASE("other content of the same data file changes the file of the base model") {
  const Folder folder;
  const std::string csv = folder.write("a.csv", "x,y\n1,0\n2,1\n");
  const std::string text = fmt::format(
      "[data]\nsource = \"csv\"\ntrain = \"{}\"\ntest = \"{}\"\nvalidation_samples = 1\n"
      "[[variants]]\nname = \"a\"\n",
      csv, csv);
  const fs::path before = file_of(text);
  CHECK(file_of(text) == before);
  folder.write("a.csv", "x,y\n1,0\n3,1\n");
  CHECK(file_of(text) != before);
}

TEST_CASE("fresh trains anew whatever is there, and keeps that") {
  Setting setting;
  BaseCache cache(setting.experiment, setting.models, true);
  fs::create_directories(setting.models);
  nn::save(tests::random_model({1, 4, 1}, 9), cache.path(3));
  CHECK(setting.outputs(setting.base(cache)) == setting.trained_outputs());
  CHECK(setting.epochs == 5);
  CHECK(cache.found() == 0);
  CHECK(setting.outputs(nn::load(cache.path(3))) == setting.trained_outputs());
}

TEST_CASE("a damaged file is passed over with a note, and replaced") {
  Setting setting;
  BaseCache cache(setting.experiment, setting.models, false);
  setting.base(cache);
  const std::string whole = read_file(cache.path(3));
  for (const std::string& text : {std::string(), whole.substr(0, whole.size() - 3)}) {
    std::ofstream(cache.path(3), std::ios::binary) << text;
    BaseCache later(setting.experiment, setting.models, false);
    CHECK(setting.outputs(setting.base(later)) == setting.trained_outputs());
    CHECK(setting.epochs == 5);
    CHECK(later.found() == 0);
    REQUIRE(later.notes().size() == 1);
    CHECK(later.notes()[0].starts_with(later.path(3).string() + " is not a whole model file: "));
    CHECK(later.notes()[0].ends_with("; the base model was trained anew"));
    CHECK(read_file(later.path(3)) == whole);
  }
}

TEST_CASE("a file that holds a model of other sizes or arithmetic is passed over with a note") {
  Setting setting;
  fs::create_directories(setting.models);
  for (const nn::Model& model : {tests::random_model({2, 4, 1}, 1), tests::random_model({1, 2}, 1),
                                 tests::sample_results().models[1][0]}) {
    BaseCache cache(setting.experiment, setting.models, false);
    nn::save(model, cache.path(3));
    CHECK(setting.outputs(setting.base(cache)) == setting.trained_outputs());
    CHECK(cache.notes() ==
          std::vector<std::string>{cache.path(3).string() +
                                   " holds another model; the base model was trained anew"});
  }
}

TEST_CASE("a base model that cannot be kept is still given, with a note") {
  Setting setting;
  const fs::path file = setting.folder.write("file", "");
  BaseCache cache(setting.experiment, file / "cache", false);
  CHECK(setting.outputs(setting.base(cache)) == setting.trained_outputs());
  REQUIRE(cache.notes().size() == 1);
  CHECK(cache.notes()[0].starts_with("the base model cannot be kept for the next run: "));
}
