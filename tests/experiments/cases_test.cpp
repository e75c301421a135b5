// Inputs from reports of people, each in a folder with its config, data, and what is right and how
// that is known (expected.txt). They lie beside the repository, or nowhere: then this test says so.
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "build_paths.h"
#include "experiments/results.h"
#include "tests/experiments/program.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;
using tests::ProgramResult;

namespace {

/// What `pare run` made of a case.
struct Outcome {
  fs::path folder;  ///< of the case
  ProgramResult result;
  std::map<std::string, bench::Row> rows;  ///< by variant; none where the run failed

  bool says(const std::string& text) const { return result.err.find(text) != std::string::npos; }
  bool refused(const std::string& text) const { return result.exit_code != 0 && says(text); }
};

Outcome run_case(const fs::path& folder, const std::vector<std::string>& more = {}) {
  const Folder work;
  const std::string out = (work.path() / "out").string();
  std::vector<std::string> arguments{"run", (folder / "config.toml").string(), "--out", out};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Outcome outcome{folder, tests::run_pare(arguments), {}};
  if (!fs::exists(out)) return outcome;
  for (const bench::SeedRows& rows : experiments::read_rows(out).variants) {
    outcome.rows[rows.front().name] = rows.front();
  }
  return outcome;
}

using Check = std::function<void(const Outcome&)>;

Check refused(const std::string& text) {
  return [text](const Outcome& outcome) { CHECK(outcome.refused(text)); };
}

/// Every row is there: test vectors are all the file's, and int8 is bit-exact.
void measured(const Outcome& outcome, double vectors) {
  CHECK(outcome.result.exit_code == 0);
  CHECK_FALSE(outcome.rows.empty());
  for (const auto& [name, row] : outcome.rows) {
    CAPTURE(name);
    const bench::BoardRow& figures = row.boards.at("nano33ble");
    CHECK(figures.vectors == vectors);
    if (name == "int8") CHECK(figures.bit_exact == vectors);
  }
}

/// Every row is there and has at least so many percent right.
Check classified(double vectors, double least) {
  return [=](const Outcome& outcome) {
    measured(outcome, vectors);
    for (const auto& [name, row] : outcome.rows) {
      CAPTURE(name);
      CHECK(row.score("top1").value_or(0) >= least);
    }
  };
}

/// Entropy calibration is about as good as min_max.
void entropy_holds(const Outcome& outcome) {
  CHECK(outcome.result.exit_code == 0);
  REQUIRE(outcome.rows.contains("min_max"));
  for (const auto& [name, row] : outcome.rows) {
    CAPTURE(name);
    CHECK(row.score("mse").value_or(1) < 3 * outcome.rows.at("min_max").score("mse").value_or(0));
  }
}

const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> kChecks{
      {"csv_bom_header",
       [](const Outcome& outcome) {
         measured(outcome, 60);
         CHECK(outcome.rows.at("float32").parameters == 3 * 8 + 8 + 8 + 1);
       }},
      {"csv_column_order_minimal",
       [](const Outcome& outcome) {
         const fs::path train = outcome.folder / "train.csv";
         const Outcome same = run_case(outcome.folder, {"--set", "data.test=" + train.string()});
         CHECK(outcome.result.exit_code == 0);
         CHECK(outcome.rows.at("float32").score("top1") >= 97.5);
         CHECK(outcome.rows.at("float32").score("top1") == same.rows.at("float32").score("top1"));
       }},
      {"csv_duplicate_titles", refused("train.csv:1: two columns have the title 'label'")},
      {"csv_first_row_missing_value", refused("train.csv:1: column 1 (the first is 0) is empty")},
      {"csv_gzip_message", classified(60, 90)},
      {"csv_numeric_header",
       [](const Outcome& outcome) {
         measured(outcome, 60);
         CHECK(outcome.says("train.csv:1: the first row, 0, 1, 2, 3, is taken for titles"));
         CHECK(outcome.rows.at("float32").score("max_error") < 2.5);
       }},
      {"csv_plus_sign", classified(60, 90)},
      {"csv_utf16_message", refused("train.csv: it is UTF-16")},
      {"diverged_training_then_int8",
       [](const Outcome& outcome) {
         CHECK(outcome.refused("training diverged: "));
         CHECK(outcome.says("lower learning_rate = 100"));
         CHECK_FALSE(outcome.says("accumulator"));
       }},
      {"entropy_gap_200_rows", entropy_holds},
      {"entropy_regression_output", entropy_holds},
      {"float_tolerance_constant_column", [](const Outcome& outcome) { measured(outcome, 20); }},
      {"float_tolerance_minimal", [](const Outcome& outcome) { measured(outcome, 6); }},
      {"float_tolerance_weather", classified(150, 96)},
      {"int8_unlike_ranges_breast_cancer",
       [](const Outcome& outcome) {
         measured(outcome, 143);
         const double float32 = outcome.rows.at("float32").score("top1").value();
         CHECK(float32 > 96);
         for (const char* variant : {"int8", "tensor"}) {
           CHECK(std::abs(outcome.rows.at(variant).score("top1").value() - float32) <= 1.0);
         }
         CHECK_FALSE(outcome.says("int8 inputs share one step"));
       }},
      {"int8_unlike_ranges_refused",
       [](const Outcome& outcome) {
         const double float32 = outcome.rows.at("float32").score("top1").value();
         for (const char* variant : {"int8", "tensor", "pct", "ent", "mse", "gptq"}) {
           CAPTURE(variant);
           CHECK(std::abs(outcome.rows.at(variant).score("top1").value() - float32) <= 1.0);
         }
       }},
      {"labels_from_1",
       [](const Outcome& outcome) {
         classified(60, 90)(outcome);
         CHECK(outcome.rows.at("float32").parameters == 59);
       }},
      {"size_is_larger_than_float", classified(60, 90)},
      {"size_is_larger_than_speed", [](const Outcome& outcome) { measured(outcome, 40); }},
      {"target_far_from_zero",
       [](const Outcome& outcome) {
         measured(outcome, 100);
         const double float32 = outcome.rows.at("float32").score("mse").value();
         CHECK(float32 < 25);  // of a variance of 285
         for (const char* variant : {"int8", "tensor", "pct", "ent", "mse", "gptq"}) {
           CAPTURE(variant);
           CHECK(outcome.rows.at(variant).score("mse").value() < 1.1 * float32);
         }
       }},
      {"tiny_inputs_message", refused("too little for an int8 scale")},
      {"unseen_class_message", refused("test.csv:2: label 5 is of no sample of ")},
  };
  return kChecks;
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("inputs that people reported get the right answer") {
    const fs::path cases = fs::path(PARE_SOURCE_DIR) / "../shared/cases";
    if (!fs::is_directory(cases)) {
      MESSAGE("skipped: there is no ", cases.string());
      return;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(cases)) {
      const std::string name = entry.path().filename().string();
      CAPTURE(name);
      REQUIRE(checks().contains(name));
      const Outcome outcome = run_case(entry.path());
      CAPTURE(outcome.result.err);
      checks().at(name)(outcome);
    }
  }
}
