// Tables as people have them: texts, categories, missing values, several targets, one file alone.
#include <doctest/doctest.h>

#include <set>

#include "nn/csv.h"
#include "nn/partition.h"
#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::Folder;

namespace {

CsvSets load(const std::string& train, const std::string& test, const CsvColumns& columns) {
  const Folder folder;
  return load_csv(folder.write("a.csv", train), folder.write("b.csv", test), columns);
}

/// What is said of a file that is training and test set, without its folder.
std::string error(const std::string& text, const CsvColumns& columns) {
  const Folder folder;
  const std::string path = folder.write("a.csv", text);
  try {
    load_csv(path, path, columns);
  } catch (const std::runtime_error& thrown) {
    const std::string what = thrown.what();
    return what.substr(what.find("a.csv"));
  }
  return "it was read";
}

/// The notes on a file that is training and test set, but for that on its being both.
std::vector<std::string> notes(const std::string& text, const CsvColumns& columns) {
  const Folder folder;
  const std::string path = folder.write("a.csv", text);
  std::vector<std::string> notes = load_csv(path, path, columns).notes;
  std::erase_if(notes, [](const std::string& note) { return note.ends_with("are no test of it"); });
  for (std::string& note : notes) {
    if (const std::size_t at = note.find("a.csv: "); at != note.npos) note.erase(0, at + 7);
  }
  return notes;
}

const CsvColumns kLast{{"-1"}, Task::classification};
const CsvColumns kRegression{{"-1"}, Task::regression};

/// 0 to count - 1, one a line, with a class that is true of each third; the lines sorted by class.
std::string sorted_by_class(int count) {
  std::string text = "x,y\n";
  for (int i = 0; i < count; ++i) text += std::to_string(i * i) + (i < count / 3 ? ",a\n" : ",b\n");
  return text;
}

Index count_of(const Dataset& data, Index label) {
  return static_cast<Index>(data.targets.col(label).sum());
}

}  // namespace

TEST_CASE("labels are texts or numbers, and 0 and 0.0 are one") {
  const CsvSets sets = load("1,on\n2,off\n3,10\n4,9\n5,9.0\n", "1,off\n2,off\n", kLast);
  CHECK(sets.train.class_names == std::vector<std::string>{"9", "10", "off", "on"});
  CHECK(sets.train.targets.row(4) == Eigen::RowVectorXf{{1, 0, 0, 0}});
  CHECK(sets.test.targets.row(0) == Eigen::RowVectorXf{{0, 0, 1, 0}});
  CHECK(
      notes("1,On\n2,on\n", kLast) ==
      std::vector<std::string>{"classes 'On' and 'on' differ in case alone, and are two classes"});
}

TEST_CASE("columns are named by title, number or pattern") {
  const std::string text = ",ax,ay,gx,\"b, c\"\n1,2,3,4,5\n6,7,8,9,1\n";
  CsvColumns columns{{"b, c", "0"}, Task::regression};
  columns.ignore = {"a?"};
  const Dataset data = load(text, text, columns).train;
  CHECK(data.inputs == Matrix{{4}, {9}});
  CHECK(data.targets == Matrix{{5, 1}, {1, 6}});
  columns = {{"-1"}, Task::regression};
  columns.features = {"gx", "ax"};
  CHECK(load(text, text, columns).train.inputs == Matrix{{4, 2}, {9, 7}});
  columns.ignore = {"ax"};
  CHECK(error(text, columns) == "a.csv: column 'ax' is among the features, and ignored too");
  columns = {{"-1"}, Task::regression};
  columns.ignore = {"a*", "g*", ""};
  CHECK(error(text, columns) == "a.csv: no column is left for a feature");
  columns.ignore = {"zx"};
  CHECK(error(text, columns).starts_with("a.csv: no column 'zx'; it has: "));
  CHECK(
      error(text, {{"ax", "ay"}, Task::classification}) ==
      "a.csv: there are 2 targets, which are classes; one target has classes, several are numbers: "
      "task = \"regression\"");
}

TEST_CASE("text where a number is expected is refused with the keys that help") {
  CHECK(
      error("t,x,y\nmon,1,2\n", kRegression) ==
      "a.csv:2: column 't' holds text, 'mon', and a number is expected; ignore = [\"t\"] in [data] "
      "leaves the column out, categories = [\"t\"] makes an input of each of its values");
  CHECK(error("a,b\n1,2\nx,y\n", kRegression).starts_with("a.csv:3: 'x' is not a finite number"));
  CHECK(error("a,b\n1,2\na,b\n", kRegression) ==
        "a.csv:3: 'a' is not a finite number, in column 'a'; the line is the header again");
  CHECK(error("c,y\nnone,1\nelbow,2\n", kRegression).starts_with("a.csv:2: column 'c' holds text"));
}

TEST_CASE("a category is an input for each value that the training rows have") {
  CsvColumns columns = kRegression;
  columns.categories = {"kind"};
  const std::string train = "kind,x,y\nred,1,5\nblue,2,6\nred,3,7\n";
  const CsvSets sets = load(train, "kind,x,y\nblue,4,8\n", columns);
  CHECK(sets.train.inputs == Matrix{{0, 1, 1}, {1, 0, 2}, {0, 1, 3}});
  CHECK(sets.train.feature_names == std::vector<std::string>{"kind=blue", "kind=red", "x"});
  CHECK(sets.test.inputs == Matrix{{1, 0, 4}});
  CHECK_THROWS_WITH(load(train, "kind,x,y\n\ngreen,4,8\n", columns),
                    doctest::Contains("b.csv:3: column 'kind': 'green' is in no training row of"));
  columns.unseen = Unseen::zeros;
  const CsvSets zeros = load(train, "kind,x,y\ngreen,4,8\n", columns);
  CHECK(zeros.test.inputs == Matrix{{0, 0, 4}});
  CHECK(
      zeros.notes.back().ends_with("column 'kind' has values that are in no training row, in line "
                                   "2: all its inputs are 0 there"));
  std::string many = "kind,y\n";
  for (int i = 0; i < 65; ++i) many += "k" + std::to_string(i) + ",1\n";
  CHECK(error(many, columns) ==
        "a.csv: column 'kind' has 65 values; a category has at most 64, an input each");
}

TEST_CASE("missing values are errors, or dropped, or filled in by the training rows' mean") {
  const std::string text = "kind,x,y\nred,1,5\n,2,6\nred,NA,7\nblue,3,8\n";
  CsvColumns columns = kRegression;
  columns.categories = {"kind"};
  CHECK(error(text, columns).starts_with("a.csv:3: column 'kind' is empty; missing = \"drop\""));
  columns.missing = Missing::drop;
  CHECK(load(text, text, columns).train.inputs == Matrix{{0, 1, 1}, {1, 0, 3}});
  CHECK(notes(text, columns)[0] == "2 rows with a missing value are left out, the first in line 3");
  columns.missing = Missing::mean;
  const CsvSets sets = load(text, "kind,x,y\nred,?,1\n", columns);
  CHECK(sets.train.feature_names ==
        std::vector<std::string>{"kind=?", "kind=blue", "kind=red", "x"});
  CHECK(sets.train.inputs == Matrix{{0, 0, 1, 1}, {1, 0, 0, 2}, {0, 0, 1, 2}, {0, 1, 0, 3}});
  CHECK(sets.test.inputs == Matrix{{0, 0, 1, 2}});
  CHECK(error("x,y\n1,\n", columns) == "a.csv: no column 'kind'; it has: x, y");
  columns.categories = {};
  CHECK(error("x,y\n1,2\n3,\n", columns) ==
        "a.csv:3: column 'y' is empty; missing = \"drop\" in [data] leaves such rows out");
}

TEST_CASE("a single file gives a test set with its share of each class, the same every time") {
  const Folder folder;
  const std::string path = folder.write("a.csv", sorted_by_class(90));
  const CsvSets sets = load_csv(path, "", kLast, {}, 0.2);
  CHECK(sets.train.inputs.rows() == 72);
  CHECK(count_of(sets.test, 0) == 6);
  CHECK(count_of(sets.test, 1) == 12);
  CHECK(load_csv(path, "", kLast, {}, 0.2).test.inputs == sets.test.inputs);
  CHECK(sets.notes.back().ends_with("18 of 90 rows are the test set"));
  CHECK_THROWS_WITH(load_csv(folder.write("b.csv", "1,2\n3,4\n"), "", kRegression),
                    doctest::Contains("it holds 2 samples, too few to split off a test set"));
}

TEST_CASE("rows of one group, and equal rows, stay in one part") {
  std::string text = "who,x,y\n";
  for (int i = 0; i < 60; ++i) {
    text += "s" + std::to_string(i / 12) + "," + std::to_string(i) + (i % 2 == 0 ? ",a\n" : ",b\n");
  }
  const Folder folder;
  CsvColumns columns = kLast;
  columns.group = "who";
  const CsvSets sets = load_csv(folder.write("a.csv", text), "", columns, {}, 0.25);
  CHECK(sets.test.inputs.rows() == 12);
  CHECK(sets.train.groups.size() == 48);
  std::set<float> subjects;
  for (const float x : sets.test.inputs.reshaped()) subjects.insert(std::floor(x / 12));
  CHECK(subjects.size() == 1);

  const CsvSets twice =
      load_csv(folder.write("b.csv", "1,a\n2,b\n1,a\n3,a\n2,b\n4,b\n"), "", kLast, {}, 0.4);
  std::set<float> train;
  for (const float x : twice.train.inputs.reshaped()) train.insert(x);
  for (const float x : twice.test.inputs.reshaped()) CHECK(train.count(x) == 0);
  CHECK(
      twice.notes[0].ends_with("2 of 6 rows repeat an earlier one; equal rows stay in one part "
                               "of a split"));
  columns.group = "y";
  CHECK_THROWS_WITH(load_csv(folder.write("c.csv", "x,y,z\n1,1,a\n2,1,b\n3,1,a\n"), "", columns),
                    doctest::Contains("all samples are of one group, which cannot be split"));
}

TEST_CASE("columns that are odd are noted") {
  std::string text = "id,same,big,tell,x,y\n";
  for (int i = 0; i < 30; ++i) {
    text += std::to_string(i + 5) + ",3," + std::to_string(1700000000 + i) + "," +
            (i % 3 == 0 ? "7" : "8") + "," + std::to_string(i * i % 7) +
            (i % 3 == 0 ? ",a\n" : ",b\n");
  }
  const std::string lost =
      "column 'big' has numbers up to 1.7e+09, between which float32 has steps of 128: 29 rows "
      "have "
      "the number of the row before, though it is another in the file";
  CHECK(
      notes(text, kLast) ==
      std::vector<std::string>{
          lost, "column 'id' counts the rows; ignore = [\"id\"] in [data] leaves it out",
          "column 'same' is 3 in every row; ignore = [\"same\"] in [data] leaves it out",
          "column 'big' is 1700000000 in every row; ignore = [\"big\"] in [data] leaves it out",
          "column 'tell' alone tells the class in every row; ignore = [\"tell\"] in [data] leaves "
          "it out",
          lost});
}

TEST_CASE("comments above a table are passed over, and titles in one are taken") {
  const std::string rows = "1,2\n3,4\n";
  for (const char* above : {"# made at 50 Hz\nx,y\n", "#{\"t\": 1, \"env\": \"None\"}\r\nx,y\n",
                            "# a, \"b\" too; 20 C\n# c\nx,y\n", "# one\n# x, y\n", "#x,y\n"}) {
    CAPTURE(above);
    const Dataset data = load(above + rows, above + rows, kRegression).train;
    CHECK(data.inputs == Matrix{{1}, {3}});
    CHECK(data.feature_names == std::vector<std::string>{"x"});
  }
  CHECK(error("# c\nx,y\n1,2\n3,#\n", kRegression) ==
        "a.csv:4: '#' is not a finite number, in column 'y'");
}

TEST_CASE("a delimiter at the end of each line makes no column") {
  for (const char* text : {"x,y,\n1,2,\n3,4,\n", "x,y\n1,2,\n3,4,\n", "1,2,\n3,4,\n"}) {
    CAPTURE(text);
    const CsvSets sets = load(text, text, kRegression);
    CHECK(sets.train.inputs == Matrix{{1}, {3}});
    CHECK(sets.train.targets == Matrix{{2}, {4}});
  }
  CHECK(notes("x,y,\n1,2,\n", kRegression)[0] ==
        "each line ends in a delimiter; the empty last column is left out");
  CHECK(error("x,y\n1,2,\n3,4,7\n", kRegression) ==
        "a.csv:3: 3 cells, the header has 2 titles; '7' follows the delimiter that ends the other "
        "lines");
}

TEST_CASE("files that hold no table are called what they are") {
  CHECK(error("version https://git-lfs.github.com/spec/v1\nsize 4\n", kLast) ==
        "a.csv: line 1: it is a Git LFS pointer, not the file itself; run: git lfs pull");
  CHECK(error("[\n {\n \"x\": 1\n}]\n", kLast) == "a.csv: line 1: it is JSON, not CSV");
  CHECK(error("x,y\n1,k\xFChl\n", kLast) ==
        "a.csv:2: byte 4 of the line (0xFC, byte 8 of the file) is not UTF-8; save the file as "
        "UTF-8");
  CHECK(error("x,y\n1,k\xC3\xBChl\n2,warm\n", kLast) == "it was read");
  CHECK(
      error("a,b\nc,d\n\n1,2,3\n", kLast) ==
      "a.csv:4: 3 cells, the header has 2 titles; a blank line is above it: if the table begins in "
      "line 4, remove what is above");
  CHECK(error("a,b,c,d\n1,2,3\n4,5,6\n", kLast) ==
        "a.csv:2: 3 cells, the header has 4 titles, and all 2 rows below have 3");
  CHECK(error("a,b\n1,2\n\nc,d\n3,4\n", kRegression) ==
        "a.csv:4: 'c' is not a finite number, in column 'a'; it looks like the header of a second "
        "table, below a blank line");
}

TEST_CASE("titles that are numbers are told from samples by the texts beside them") {
  const std::string spectra =
      "400,500,600,kind\n0.1,0.3,0.2,a\n0.2,0.1,0.4,b\n0.3,0.3,0.1,a\n0.1,0.2,0.5,b\n";
  CHECK(load(spectra, spectra, kLast).train.feature_names ==
        std::vector<std::string>{"400", "500", "600"});
  const std::string samples = "1,2,3,a\n0.2,0.1,0.4,b\n0.3,0.3,0.1,a\n0.1,0.2,0.5,b\n";
  CHECK(load(samples, samples, kLast).train.inputs.rows() == 4);
  const std::string texts = "red,big,y\nblue,small,n\nred,small,y\nblue,big,n\n";
  CsvColumns columns = kLast;
  columns.categories = {"0", "1"};
  const CsvSets sets = load(texts, texts, columns);
  CHECK(sets.train.inputs.rows() == 4);
  CHECK(sets.notes[0].find("is taken for a sample, as each of its texts stands below it again") !=
        std::string::npos);
}

TEST_CASE("brackets in a name of columns are themselves") {
  CsvColumns columns = kRegression;
  columns.ignore = {"temp [*]"};
  const std::string text = "temp [C],temp C,y\n1,2,3\n4,5,6\n";
  CHECK(load(text, text, columns).train.inputs == Matrix{{2}, {5}});
}

TEST_CASE("each class that has two groups is in both parts of a split") {
  Strata strata;
  for (Index i = 0; i < 60; ++i) {
    strata.classes.push_back(i / 20);
    strata.groups.push_back(i < 40 ? i / 20 * 10 + i % 2 : 100);
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<Index> part = choose_part(60, strata, 0.1, Random(seed));
    std::set<Index> classes;
    for (const Index i : part) classes.insert(strata.classes[static_cast<std::size_t>(i)]);
    CHECK(classes == std::set<Index>{0, 1});
    CHECK(rest_of(60, part).size() == 60 - part.size());
  }
}

TEST_CASE("rows of a test file that are in the training file are noted") {
  const CsvSets sets = load("1,2\n3,4\n5,6\n", "3,4\n3,4\n7,8\n5,6\n", kRegression);
  CHECK(sets.notes.back().ends_with(
      "b.csv: 2 of its rows are in the training file too, and are no test of it"));
  CHECK(load("1,2\n3,4\n", "3,5\n9,2\n", kRegression).notes.empty());
}

TEST_CASE("a class that a split leaves to the test part alone is said to be that") {
  std::string text = "x,y\n1,c\n";
  for (int i = 2; i < 40; ++i) text += std::to_string(i) + (i % 2 == 0 ? ",a\n" : ",b\n");
  const Folder folder;
  CHECK_THROWS_WITH(
      load_csv(folder.write("a.csv", text), "", kLast, {}, 0.8),
      doctest::Contains("a.csv:2: label c is of no sample of the training part, whose "
                        "labels are a, b"));
}
