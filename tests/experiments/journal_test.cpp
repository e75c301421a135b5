#include "experiments/journal.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "nn/formats/safetensors.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
namespace fs = std::filesystem;
using experiments::Experiment;
using experiments::Journal;
using tests::Folder;

namespace {

Experiment load(const Folder& folder, const std::vector<std::string>& overrides = {}) {
  return experiments::load_experiment(folder.write("sample.toml", tests::kSampleConfig), overrides);
}

Journal open(const Folder& folder, const Experiment& experiment, bool fresh = false) {
  return {experiment, 1, nlohmann::json::object(), folder.path() / "cache", fresh};
}

std::vector<fs::path> files(const Folder& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder.path() / "cache/sample")) {
    found.push_back(entry.path());
  }
  return found;
}

}  // namespace

TEST_CASE("what a run has finished is there for the next one, whole") {
  const Folder folder;
  const Experiment experiment = load(folder);
  const experiments::Results results = tests::sample_results();
  const bench::Row& row = results.rows[1][0];
  {
    Journal first = open(folder, experiment);
    CHECK_FALSE(first.find_model(5));
    CHECK_FALSE(first.find_row(6));
    first.add_model(5, {results.models[1][0], 1.25});
    first.add_row(6, row);
    CHECK(first.found() == 0);
    CHECK(first.notes().empty());
  }
  Journal second = open(folder, experiment);
  const auto made = second.find_model(5);
  REQUIRE(made);
  CHECK(nn::to_safetensors(made->model) == nn::to_safetensors(results.models[1][0]));
  CHECK(made->seconds == 1.25);
  const auto found = second.find_row(6);
  REQUIRE(found);
  CHECK(bench::to_json(*found) == bench::to_json(row));
  CHECK(second.found() == 2);
  CHECK_FALSE(open(folder, experiment, true).find_row(6));
}

TEST_CASE("no bit of a finished job can change without being noticed, and the job is done anew") {
  const Folder folder;
  const Experiment experiment = load(folder);
  open(folder, experiment).add_row(6, tests::sample_results().rows[1][0]);
  const fs::path file = files(folder).at(0);
  const std::string good = tests::read_file(file);
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string damaged = good;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    std::ofstream(file, std::ios::binary) << damaged;
    Journal journal = open(folder, experiment);
    REQUIRE_FALSE(journal.find_row(6));
    REQUIRE(journal.notes() == std::vector{file.string() + " is damaged; the job is done anew"});
  }
}

TEST_CASE("the key of a job changes with everything that determines it, and with nothing else") {
  const Folder folder;
  const Experiment experiment = load(folder);
  const nn::Model model = tests::random_model({1, 4, 1}, 3);
  const auto keys = [&](const std::vector<std::string>& overrides, const nn::Model& of,
                        std::uint64_t base = 1, const char* compiler = "") {
    const Experiment changed = load(folder, overrides);
    const Journal journal(changed, base, {{"boards", {{"nano33ble", {{"compiler", compiler}}}}}},
                          folder.path(), false);
    const experiments::Variant& variant = changed.variants[1];
    return std::pair(journal.model_key(changed.seeds[0], of, variant.steps),
                     journal.row_key(changed.seeds[0], variant, of));
  };
  const auto before = keys({}, model);
  CHECK(keys({}, model) == before);
  CHECK(keys({"name=other"}, model) == before);
  const auto both_differ = [&](const std::pair<std::uint64_t, std::uint64_t>& after) {
    return after.first != before.first && after.second != before.second;
  };
  CHECK(both_differ(keys({"seed=4"}, model)));
  CHECK(both_differ(keys({"retrain.batch_size=7"}, model)));
  CHECK(both_differ(keys({}, tests::random_model({1, 4, 1}, 4))));
  CHECK(both_differ(keys({}, model, 2)));
  const auto row_differs = [&](const std::pair<std::uint64_t, std::uint64_t>& after) {
    return after.first == before.first && after.second != before.second;
  };
  CHECK(row_differs(keys({"budget.flash=900"}, model)));
  CHECK(row_differs(keys({"optimize=speed"}, model)));
  CHECK(row_differs(keys({}, model, 1, "GCC 99")));

  const Journal journal = open(folder, experiment);
  const auto chain = [&](const std::string& pass, double value) {
    return std::vector{compress::make_step(pass, {{"sparsity", {value, ""}}})};
  };
  CHECK(journal.model_key(3, model, chain("magnitude_prune", 0.5)) !=
        journal.model_key(3, model, chain("magnitude_prune", 0.6)));
}

TEST_CASE("after a run the journal holds what that run needs, and nothing of other configs") {
  const Folder folder;
  const Experiment experiment = load(folder);
  const bench::Row row = tests::sample_results().rows[0][0];
  open(folder, experiment).add_row(5, row);
  Journal journal = open(folder, experiment);
  journal.add_row(6, row);
  CHECK(files(folder).size() == 2);
  journal.remove_the_rest();
  CHECK(files(folder).size() == 1);
  CHECK(open(folder, experiment).find_row(6));
}

TEST_CASE("what cannot be kept is said, and stops nothing") {
  const Folder folder;
  const Experiment experiment = load(folder);
  folder.write("cache", "a file in the folder's place");
  Journal journal = open(folder, experiment);
  journal.add_row(6, tests::sample_results().rows[0][0]);
  journal.add_model(5, {tests::random_model({1, 4, 1}, 3), 0});
  REQUIRE(journal.notes().size() == 2);
  CHECK(journal.notes()[0].starts_with("a variant's numbers cannot be kept for the next run: "));
  CHECK(journal.notes()[1].starts_with("a model cannot be kept for the next run: "));
}
