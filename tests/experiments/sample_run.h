#pragma once

#include <string>
#include <vector>

#include "bench/row.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"

namespace pare::tests {

/// What `pare run` made of kSampleConfig, once for all tests that only read it.
class SampleRun {
 public:
  SampleRun()
      : result_(run_pare({"run", folder_.write("sample.toml", kSampleConfig), "--out", results(),
                          "--format", "md"})) {}

  std::string results() const { return (folder_.path() / "results/sample").string(); }
  std::string beside(const std::string& name) const { return (folder_.path() / name).string(); }
  const ProgramResult& result() const { return result_; }

  /// The rows "float" and "int8".
  std::vector<bench::Row> rows() const {
    std::vector<bench::Row> rows;
    for (const bench::SeedRows& variant : experiments::read_rows(results()).variants) {
      rows.push_back(variant.at(0));
    }
    return rows;
  }

 private:
  Folder folder_;
  ProgramResult result_;
};

inline const SampleRun& sample_run() {
  static const SampleRun kRun;
  return kRun;
}

}  // namespace pare::tests
