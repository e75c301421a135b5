// From a file as people have it to an emulated board, in three commands: init, run, validate. The
// files lie beside the repository, or nowhere: then this test says so.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "build_paths.h"
#include "tests/experiments/program.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;
using tests::ProgramResult;

namespace {

struct Form {
  std::string file;
  std::vector<std::string> more;  ///< that init is told
};

const Form kModels[] = {{"policy.onnx", {"--output", "action_mean"}},
                        {"sklearn_mlp.onnx", {}},
                        {"batchnorm_after_relu.onnx", {}},
                        {"normalization.tflite", {}},
                        {"io_float_int8.tflite", {}}};

const Form kTables[] = {{"b_categories/machines.csv", {}},
                        {"f_missing/missing.csv", {}},
                        {"p_second_label/two_names.csv", {}},
                        {"j1_file_per_recording", {}},
                        {"m_forecast/daily.csv", {}}};

/// init, run and validate, with all vectors bit-exact.
void check_sitting(const fs::path& file, const Form& form, const std::string& setting) {
  CAPTURE(form.file);
  const Folder folder;
  const auto run = [&](std::vector<std::string> arguments) {
    const ProgramResult result = tests::run_pare(arguments, {}, folder.path().string());
    CAPTURE(result.err);
    CHECK(result.exit_code == 0);
    return result;
  };
  std::vector<std::string> init{"init", file.string(), "--out", "c.toml"};
  init.insert(init.end(), form.more.begin(), form.more.end());
  run(init);
  run({"run", "c.toml", "--out", "out", "--set", setting});
  const ProgramResult validated = run({"validate", "out", "int8", "--emulated"});
  const std::size_t of = validated.out.find(" of ");
  REQUIRE(of != std::string::npos);
  const std::size_t begin = validated.out.rfind(' ', of - 1) + 1;
  const std::string count = validated.out.substr(begin, of - begin);
  CHECK(count != "0");
  CHECK(validated.out.substr(of).starts_with(
      fmt::format(" of {} test vectors are bit-exact", count)));
}

}  // namespace

TEST_CASE("five forms of models go from their files to the board in three commands" *
          doctest::test_suite("slow")) {
  const fs::path forms = fs::path(PARE_SOURCE_DIR).parent_path() / "shared/forms/models";
  if (!fs::exists(forms)) {
    MESSAGE("skipped: there are no files in " << forms.string());
    return;
  }
  for (const Form& form : kModels) check_sitting(forms / form.file, form, "data.test_samples=200");
}

TEST_CASE("five forms of data go from their files to the board in three commands" *
          doctest::test_suite("slow")) {
  const fs::path forms = fs::path(PARE_SOURCE_DIR).parent_path() / "shared/forms/data";
  if (!fs::exists(forms)) {
    MESSAGE("skipped: there are no files in " << forms.string());
    return;
  }
  for (const Form& form : kTables) check_sitting(forms / form.file, form, "train.epochs=30");
}
