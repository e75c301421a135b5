#include "nn/csv.h"

#include <doctest/doctest.h>

#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::Folder;

namespace {

std::string error(const Folder& folder, const std::string& text, const std::string& target,
                  Task task = Task::regression) {
  try {
    load_csv(folder.write("a.csv", text), target, task);
  } catch (const std::runtime_error& thrown) {
    return std::string(thrown.what()).substr(folder.path().string().size() + 1);
  }
  return "";
}

}  // namespace

TEST_CASE("a CSV file with a header gives its target by title or by number") {
  const Folder folder;
  const std::string path = folder.write("a.csv", "a, y ,b\n1,10,2\r\n-3.5,20,4e1\n\n");
  for (const char* target : {"y", "1", "-2"}) {
    const Dataset data = load_csv(path, target, Task::regression);
    CHECK(data.inputs == Matrix{{1, 2}, {-3.5F, 40}});
    CHECK(data.targets == Matrix{{10}, {20}});
  }
}

TEST_CASE("a CSV file without a header starts with its first line") {
  const Folder folder;
  const Dataset data =
      load_csv(folder.write("a.csv", "1,2,0\n3,4,2\n"), "-1", Task::classification);
  CHECK(data.inputs == Matrix{{1, 2}, {3, 4}});
  CHECK(data.targets == Matrix{{1, 0, 0}, {0, 0, 1}});
}

TEST_CASE("a bad CSV file says where and what") {
  const Folder folder;
  CHECK(error(folder, "a,y\n1,2\n3\n", "y") == "a.csv:3: 1 cells, expected 2");
  CHECK(error(folder, "a,y\n1,2\n3,x\n", "y") == "a.csv:3: 'x' is not a finite number");
  CHECK(error(folder, "1,2\n3,inf\n", "1") == "a.csv:2: 'inf' is not a finite number");
  CHECK(error(folder, "1,2\n3,\n", "1") == "a.csv:2: '' is not a finite number");
  CHECK(error(folder, "a,y\n1,2\n", "z") == "a.csv: no column 'z'; it has: a, y");
  CHECK(error(folder, "1,2\n", "5") == "a.csv: no column '5'; it has 2 columns and no header");
  CHECK(error(folder, "a,y\n", "y") == "a.csv: it holds no samples");
  CHECK(error(folder, "", "y") == "a.csv: it holds no samples");
  CHECK(error(folder, "1\n2\n", "0") == "a.csv: it has one column; expected features and a target");
  CHECK(error(folder, "1,0\n1,1.5\n", "1", Task::classification) ==
        "a.csv:2: 1.5 is not a class; expected 0, 1, 2, ...");
  CHECK_THROWS_WITH(load_csv("/nowhere", "y", Task::regression), "/nowhere: it cannot be opened");
}
