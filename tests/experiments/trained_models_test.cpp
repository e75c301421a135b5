// Which models the built program gives: what they follow from, and what changes nothing.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "nn/formats/safetensors.h"
#include "tests/experiments/sample_run.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;
using tests::ProgramResult;
using tests::read_file;
using tests::run_pare;
using tests::sample_run;

namespace {

/// The bytes of the models of a results folder, by variant.
using Models = std::map<std::string, std::string>;

Models models_in(const fs::path& results) {
  Models models;
  for (const fs::directory_entry& entry : fs::directory_iterator(results / "models")) {
    models[entry.path().stem().string()] = read_file(entry.path());
  }
  return models;
}

/// What `pare run` makes of a config, each of `settings` a --set.
Models models_of(const std::string& config, const std::vector<std::string>& settings) {
  const Folder folder;
  const fs::path out = folder.path() / "out";
  std::vector<std::string> command{"run", folder.write("sample.toml", config), "--out", out};
  for (const std::string& setting : settings) command.insert(command.end(), {"--set", setting});
  REQUIRE(run_pare(command).exit_code == 0);
  return models_in(out);
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("the same seed gives the same model files to the byte, another seed does not") {
    const Models first = models_in(sample_run().results());
    REQUIRE(first.size() == 2);
    CHECK(models_of(tests::kSampleConfig, {}) == first);
    const Models other = models_of(tests::kSampleConfig, {"seed=4"});
    for (const auto& [variant, bytes] : first) CHECK(other.at(variant) != bytes);
  }

  TEST_CASE("passes of a run train as [retrain] says, and the base model does not") {
    const std::string config =
        std::string(tests::kSampleConfig) +
        "[[variants]]\nname = \"tuned\"\npasses = [{ pass = \"finetune\", epochs = 2 }]\n";
    const Models plain = models_of(config, {});
    const Models retrain = models_of(config, {"retrain.learning_rate=0.0001"});
    CHECK(retrain.at("float") == plain.at("float"));
    CHECK(retrain.at("tuned") != plain.at("tuned"));
    CHECK(models_of(config, {"train.learning_rate=0.0001"}).at("float") != plain.at("float"));
  }

  TEST_CASE("a run over seeds gives for each the models that a run of that seed alone gives") {
    const Folder folder;
    const std::string config = folder.write("sample.toml", tests::kSampleConfig);
    const std::string out = (folder.path() / "out").string();
    const ProgramResult result =
        run_pare({"run", config, "--set", "seeds=[4, 3]", "--out", out, "--format", "csv"});
    CHECK(result.exit_code == 0);
    CHECK(tests::other_lines(result.err) == "");
    CHECK(result.out == read_file(out + "/table.csv"));
    for (const char* variant : {"float", "int8"}) {
      CHECK(read_file(fmt::format("{}/models/seed-3/{}.safetensors", out, variant)) ==
            read_file(fmt::format("{}/models/{}.safetensors", sample_run().results(), variant)));
      CHECK(read_file(fmt::format("{}/models/seed-4/{}.safetensors", out, variant)) !=
            read_file(fmt::format("{}/models/seed-3/{}.safetensors", out, variant)));
    }
    const experiments::StoredRows rows = experiments::read_rows(out);
    CHECK(rows.seeds == std::vector<std::uint64_t>{4, 3});
    for (const bench::SeedRows& variant : rows.variants) {
      REQUIRE(variant.size() == 2);
      CHECK(variant[0].score("mse") != variant[1].score("mse"));
      for (const bench::Row& row : variant) CHECK(row.host_ns_median > 1);
    }
    CHECK(rows.variants[1][1].score("mse") == sample_run().rows().at(1).score("mse"));
    CHECK(rows.variants[1][1].boards.at("nano33ble").bit_exact == 20);
  }

  TEST_CASE(
      "run keeps the base model, and trains it anew when its file is damaged or for --fresh") {
    const Folder folder;
    const std::string config = folder.write("sample.toml", tests::kSampleConfig);
    const std::string models = (folder.path() / "results/.cache").string();
    const auto run_again = [&](std::vector<std::string> more) {
      more.insert(more.begin(), {"run", config});
      const ProgramResult result = run_pare(more, {}, folder.path().string());
      CHECK(result.exit_code == 0);
      return tests::other_lines(result.err);
    };
    const auto model = [&] {
      return read_file(folder.path() / "results/sample/models/float.safetensors");
    };
    CHECK(run_again({}) == "");
    const std::string first = model();
    fs::path kept;
    for (const fs::directory_entry& entry : fs::directory_iterator(models)) {
      if (entry.path().extension() == ".safetensors") kept = entry.path();
    }
    CHECK(read_file(kept) == first);
    nn::save(tests::random_model({1, 4, 1}, 9), kept);
    run_again({});
    CHECK(model() == read_file(kept));  // it was not trained
    CHECK(model() != first);
    CHECK(run_again({"--fresh"}) == "");
    CHECK(model() == first);
    CHECK(read_file(kept) == first);
    fs::resize_file(kept, 5);
    CHECK(run_again({}) ==
          "pare: results/.cache/" + kept.filename().string() +
              " is not a whole model file: it is shorter than the 8 bytes of its header's length; "
              "the base model was trained anew\n");
    CHECK(model() == first);
  }
}
