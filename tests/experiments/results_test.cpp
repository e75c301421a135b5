#include "experiments/results.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <stdexcept>
#include <thread>

#include "bench/comparison.h"
#include "nn/formats/safetensors.h"
#include "nn/forward.h"
#include "nn/json_text.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
using namespace pare::experiments;
namespace fs = std::filesystem;
using tests::Folder;
using tests::read_file;
using tests::ResultsFolder;
using tests::sample_results;

namespace {

/// Every file below a folder, with what it holds.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
    }
  }
  return files;
}

std::vector<std::string> names(const fs::path& folder) {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator(folder)) {
    result.push_back(entry.path().filename().string());
  }
  return result;
}

std::string error_of_loading(const ResultsFolder& results, const std::string& variant) {
  try {
    load_variant(results.path(), variant);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

nlohmann::json results_json(const fs::path& folder) {
  return nn::parse_json(read_file(folder / "results.json"));
}

void overwrite(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("a results folder holds what ARCHITECTURE promises, and nothing else") {
  const ResultsFolder results;
  std::vector<std::string> files;
  for (const auto& [name, text] : contents(results.path())) files.push_back(name);
  CHECK(files == std::vector<std::string>{"config.toml", "environment.json",
                                          "models/float.safetensors", "models/int8.safetensors",
                                          "results.json", "table.csv", "table.md"});
  const nlohmann::json json = results_json(results.path());
  CHECK(json["experiment"] == "sample");
  CHECK(json["seed"] == 3);
  CHECK(json["environment"]["processor"] == "none");
  CHECK(json["variants"].size() == 2);
  CHECK(json["variants"][1]["latency"]["host_ns_median"].is_null());
  CHECK(read_file(fs::path(results.path()) / "config.toml") == tests::kSampleConfig);
}

TEST_CASE("the rows and models that are read are those that were written") {
  const ResultsFolder results;
  const Results written = sample_results();
  const StoredRows rows = read_rows(results.path());
  CHECK(rows.seeds == std::vector<std::uint64_t>{3});
  REQUIRE(rows.variants.size() == 2);
  for (std::size_t i = 0; i < rows.variants.size(); ++i) {
    REQUIRE(rows.variants[i].size() == 1);
    const bench::Row& row = rows.variants[i][0];
    CHECK(bench::to_json(row) == bench::to_json(written.rows[i][0]));
    const StoredVariant stored = load_variant(results.path(), row.name);
    CHECK(stored.row.name == row.name);
    CHECK(stored.label == row.name);
    CHECK(stored.seed == 3);
    CHECK(stored.data.test.inputs.rows() == 20);
    CHECK(nn::forward(stored.artefact.model, stored.data.test.inputs) ==
          nn::forward(written.models[i][0], stored.data.test.inputs));
  }
}

TEST_CASE("update_row changes one row in results.json and in both tables") {
  const ResultsFolder results;
  const fs::path folder = results.path();
  bench::Row row = read_rows(folder).variants[1][0];
  row.weights_bytes = 30;
  row.boards["nano33ble"].vectors = 20;
  row.boards["nano33ble"].bit_exact = 19;
  update_row(folder, 3, row);
  const std::vector<bench::SeedRows> rows = read_rows(folder).variants;
  REQUIRE(rows.size() == 2);
  CHECK(bench::to_json(rows[0][0]) == bench::to_json(sample_results().rows[0][0]));
  CHECK(bench::to_json(rows[1][0]) == bench::to_json(row));
  CHECK(read_file(folder / "table.md") == bench::format_comparison(rows, bench::Format::markdown));
  CHECK(read_file(folder / "table.csv") == bench::format_comparison(rows, bench::Format::csv));
  CHECK(results_json(folder)["seed"] == 3);
  CHECK(contents(folder).size() == 7);
}

TEST_CASE("results replace results, also in an empty folder or with a slash at the end") {
  const Folder parent;
  const fs::path folder = parent.path() / "sample";
  fs::create_directory(folder);
  write_results(sample_results(), folder.string() + "/");
  Results fewer = sample_results();
  fewer.rows.pop_back();
  fewer.models.pop_back();
  write_results(fewer, folder.string() + "/");
  CHECK(read_rows(folder).variants.size() == 1);
  CHECK_FALSE(fs::exists(folder / "models/int8.safetensors"));
  CHECK(names(parent.path()) == std::vector<std::string>{"sample"});
}

TEST_CASE("results do not replace what is not results") {
  const Folder parent;
  const std::string file = parent.write("notes.txt", "mine");
  const std::string rule = " holds something that is not results; name another folder with --out";
  CHECK_THROWS_WITH(write_results(sample_results(), parent.path()),
                    (parent.path().string() + rule).c_str());
  CHECK_THROWS_WITH(check_target(file), (file + rule).c_str());
  CHECK(contents(parent.path()) == std::map<std::string, std::string>{{"notes.txt", "mine"}});
  CHECK_THROWS_WITH(check_target(file + "/a/b"),
                    (file + "/a/b cannot be made: " + file +
                     " is not a folder that you can write to; name another folder with --out")
                        .c_str());
  CHECK_NOTHROW(check_target(parent.path() / "not/yet/there"));
  CHECK_NOTHROW(check_target("relative"));
}

TEST_CASE("results that cannot be written leave the earlier ones whole, and nothing beside") {
  const Folder parent;
  const fs::path folder = parent.path() / "sample";
  write_results(sample_results(), folder);
  const auto before = contents(folder);
  Results broken = sample_results();
  broken.seeds = {4};
  broken.rows[1][0].name = std::string(300, 'x');  // no name for a file; it is the last one
  CHECK_THROWS_AS(write_results(broken, folder), std::runtime_error);
  CHECK(contents(folder) == before);
  CHECK(names(parent.path()) == std::vector<std::string>{"sample"});
}

TEST_CASE("results are there at every moment while others replace them") {
  const Folder parent;
  const fs::path folder = parent.path() / "sample";
  write_results(sample_results(), folder);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 50; ++i) write_results(sample_results(), folder);
    done = true;
  });
  long looks = 0;
  long missing = 0;
  for (; !done; ++looks) missing += fs::exists(folder / "table.csv") ? 0 : 1;
  writer.join();
  CHECK(looks > 50);
  CHECK(missing == 0);
}

TEST_CASE("an unknown variant is refused with those that there are") {
  const ResultsFolder results;
  CHECK(error_of_loading(results, "int4") ==
        results.path() + " has no variant 'int4'; it has: float, int8; did you mean 'int8'?");
}

TEST_CASE("a truncated or corrupted model is refused with its path and what is wrong") {
  const ResultsFolder results;
  const std::string path = results.model("float");
  const std::string whole = read_file(path);
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);
  const std::string start = path + " is not a whole model file: ";

  overwrite(path, whole.substr(0, 5));
  CHECK(error_of_loading(results, "float") ==
        start + "it is shorter than the 8 bytes of its header's length");
  overwrite(path, whole.substr(0, 100));
  CHECK(error_of_loading(results, "float") == start + "its header should have " +
                                                  std::to_string(header) +
                                                  " bytes, but the file ends after 92");
  overwrite(path, whole.substr(0, whole.size() - 1));
  CHECK(error_of_loading(results, "float") ==
        start + "its checksum is wrong; the file is corrupted");
  std::string flipped = whole;
  flipped[whole.size() - 2] = static_cast<char>(flipped[whole.size() - 2] ^ 8);
  overwrite(path, flipped);
  CHECK(error_of_loading(results, "float") ==
        start + "its checksum is wrong; the file is corrupted");
  fs::remove(path);
  CHECK(error_of_loading(results, "float") == start + "it cannot be opened");
  CHECK_NOTHROW(load_variant(results.path(), "int8"));
}

TEST_CASE("a whole model that is not the one that was measured is refused") {
  const ResultsFolder results;
  const bench::Row row = experiments::read_rows(results.path()).variants.at(0).at(0);
  const std::string path = results.model("float");
  CHECK(tests::model_hash(nn::load(path)) == row.model_hash);
  const nn::Model other = tests::random_model({1, 4, 1}, 9);
  nn::save(other, path);
  CHECK(error_of_loading(results, "float") ==
        path + " is not what was measured: encoded it has hash " + tests::model_hash(other) +
            ", and results.json has " + row.model_hash +
            "; the file is another, or another version of pare measured it; './pare run CONFIG' "
            "writes it anew");
  fs::copy_file(results.model("int8"), path, fs::copy_options::overwrite_existing);
  CHECK(error_of_loading(results, "float").find(" is not what was measured: ") !=
        std::string::npos);
}

TEST_CASE("a variant that could not be made has no model file, and says so when it is wanted") {
  experiments::Results given = tests::sample_results();
  given.models[1][0] = {};
  given.rows[1][0].model_hash.clear();
  given.rows[1][0].note = "quantize_int8: no";
  const ResultsFolder results(given);
  CHECK_FALSE(fs::exists(results.model("int8")));
  CHECK_NOTHROW(load_variant(results.path(), "float"));
  CHECK(error_of_loading(results, "int8") ==
        "int8 was not measured: quantize_int8: no; './pare run CONFIG' writes it anew");
  CHECK(experiments::read_rows(results.path()).variants.at(1).at(0).note == "quantize_int8: no");
}

TEST_CASE("a damaged results.json is refused with its path and what is wrong") {
  const ResultsFolder results;
  const fs::path path = fs::path(results.path()) / "results.json";
  const std::string whole = read_file(path);
  const std::string again = "; './pare run CONFIG' writes it anew";
  const std::string no_list = path.string() + " is damaged: it holds no list of variants" + again;
  for (const std::string& text : {whole.substr(0, whole.size() / 2), std::string("[]"),
                                  std::string("{\"variants\": 3}"), std::string()}) {
    overwrite(path, text);
    CHECK_THROWS_WITH(read_rows(results.path()), no_list.c_str());
  }
  nlohmann::json json = nn::parse_json(whole);
  json["variants"][1].erase("macs");
  overwrite(path, nn::json_text(json));
  CHECK_THROWS_WITH(read_rows(results.path()),
                    (path.string() +
                     " is damaged: variant 2 is not the results of a variant: "
                     "it has no /macs" +
                     again)
                        .c_str());
  fs::remove(path);
  CHECK_THROWS_WITH(
      read_rows(results.path()),
      (results.path() + " is not a results folder: it has no results.json; './pare run CONFIG' "
                        "writes one")
          .c_str());
}
