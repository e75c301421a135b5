#include <cstdlib>

#include "nn/csv.h"
#include "nn/csv_survey.h"
#include "tests/fuzz/fuzz.h"

using namespace pare;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = tests::memory_file({reinterpret_cast<const char*>(data), size});
  for (const nn::Task task : {nn::Task::classification, nn::Task::regression}) {
    tests::expect_words([&] {
      nn::CsvColumns columns{.task = task, .missing = nn::Missing::mean};
      const nn::CsvSets sets = nn::load_csv(path, "", columns);
      if (!sets.train.inputs.allFinite() || !sets.test.targets.allFinite()) abort();
      if (sets.train.inputs.rows() == 0 || sets.test.inputs.rows() == 0) abort();
    });
  }
  tests::expect_words([&] { nn::survey_columns(nn::CsvFile(path)); });
  return 0;
}
