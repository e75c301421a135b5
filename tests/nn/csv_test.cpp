#include "nn/csv.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::Folder;

namespace {

CsvSets load(const Folder& folder, const std::string& train, const std::string& test,
             const CsvColumns& columns = {{"-1"}, Task::regression}, CsvFormat format = {}) {
  return load_csv(folder.write("a.csv", train), folder.write("b.csv", test), columns, format);
}

/// A file as training and test set.
CsvSets load(const std::string& text, const CsvColumns& columns = {{"-1"}, Task::regression},
             CsvFormat format = {}) {
  return load(Folder(), text, text, columns, format);
}

/// What is said of the two files, without their folder.
std::string error_of_two(const std::string& train, const std::string& test,
                         const CsvColumns& columns = {{"-1"}, Task::regression},
                         CsvFormat format = {}) {
  const Folder folder;
  try {
    load(folder, train, test, columns, format);
  } catch (const std::runtime_error& thrown) {
    std::string text = thrown.what();
    const std::string prefix = folder.path().string() + "/";
    for (std::size_t at = 0; (at = text.find(prefix)) != text.npos;) text.erase(at, prefix.size());
    return text;
  }
  return "it was read";
}

std::string error(const std::string& text, const std::string& target = "-1",
                  Task task = Task::regression) {
  return error_of_two(text, text, {{target}, task});
}

/// `text` as a gzip file.
std::string gzipped(const std::string& text) {
  const Folder folder;
  const std::string path = (folder.path() / "a.gz").string();
  gzFile_s* file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return pare::tests::read_file(path);
}

const Matrix kInputs{{1, 2}, {-3.5F, 40}};
const Matrix kTargets{{10}, {20}};

}  // namespace

TEST_CASE("a CSV file with a header gives its target by title or by number") {
  for (const char* target : {"y", "1", "-2"}) {
    const CsvSets sets = load("a, y ,b\n1,10,2\r\n-3.5,20,4e1\n\n", {{target}, Task::regression});
    CHECK(sets.train.inputs == kInputs);
    CHECK(sets.train.targets == kTargets);
    CHECK(sets.train.feature_names == std::vector<std::string>{"a", "b"});
    CHECK(sets.test.inputs == kInputs);
    CHECK(sets.notes.size() == 1);  // the file is its own test set
  }
}

TEST_CASE("a CSV file without a header starts with its first line") {
  const CsvSets sets = load("1,2,0\n3,4,2\n", {{"-1"}, Task::classification});
  CHECK(sets.train.inputs == Matrix{{1, 2}, {3, 4}});
  CHECK(sets.train.targets == Matrix{{1, 0}, {0, 1}});
  CHECK(sets.train.feature_names.empty());
}

TEST_CASE("the forms in which people have CSV files are read alike") {
  const std::string plain = "a,b,y\n1,2,10\n-3.5,40,20\n";
  for (const std::string& text : {
           plain,
           "\xEF\xBB\xBF" + plain,                            // Excel's 'CSV UTF-8'
           std::string("a;b;y\r\n1;2;10\r\n-3,5;40;20\r\n"),  // Excel, German
           std::string("a\tb\ty\n1\t2\t10\n-3.5\t40\t20\n"),  // tabs
           std::string("a\tb\ty\r1\t2\t10\r-3,5\t40\t20"),    // old Macs, no last end
           std::string("\"a\",\"b\",\"y\"\n\"1\",\"2\",\"10\"\n\"-3.5\",\"40\",\"20\"\n"),
           std::string("\n a , b , y \n\n +1 ,\t2, +1e1\n-3.5,40 ,20\n\n"),
           gzipped(plain),
       }) {
    CAPTURE(text);
    const CsvSets sets = load(text);
    CHECK(sets.train.inputs == kInputs);
    CHECK(sets.train.targets == kTargets);
    CHECK(sets.train.feature_names == std::vector<std::string>{"a", "b"});
  }
}

TEST_CASE("a quoted cell may hold delimiters, ends of lines and quotes") {
  const std::string text = "\"a, in \"\"mm\"\"\",\"b\nsecond line\",y\n1,2,10\n-3.5,40,20\n";
  CHECK(load(text).train.inputs == kInputs);
  CHECK(load(text).train.feature_names ==
        std::vector<std::string>{"a, in \"mm\"", "b\nsecond line"});
  CHECK(error(text + "1,2,x\n") == "a.csv:5: 'x' is not a finite number, in column 'y'");
}

TEST_CASE("a delimiter that is given is taken") {
  CHECK(load("1;5,2;5,3\n1;6,2;7,4\n", {{"-1"}, Task::regression}, {';', CsvHeader::no})
            .train.inputs == Matrix{{1, 5.2F}, {1, 6.2F}});
  CHECK(error_of_two("1,2\n3,4\n", "1,2\n", {}, {';', CsvHeader::detect}) ==
        "a.csv: it has one column; expected features and a target, between which there are commas, "
        "semicolons or tabs");
}

TEST_CASE("numbers are read as C reads them, too small ones as 0, infinite ones not at all") {
  const CsvSets sets = load("+0.5,.5,1\n1e-60,5.,1\n-1e-400,1E+2,1\n1e-40,-0,1\n");
  CHECK(sets.train.inputs == Matrix{{0.5F, 0.5F}, {0, 5}, {0, 100}, {1e-40F, 0}});
  for (const char* bad : {"1e400", "-1e39", "inf", "+-1", "++1", "1 2", "0x10", "1,5"}) {
    CAPTURE(bad);
    CHECK(error(std::string("1,2\n3,\"") + bad + "\"\n") ==
          std::string("a.csv:2: '") + bad +
              "' is not a finite number, in column 1 (the first is 0)");
  }
}

TEST_CASE("a first row is a header if it is text, not if a value is missing") {
  const auto rows = [](const std::string& first) {
    return load(first + "\n1,2,3\n4,5,6\n").train.inputs.rows();
  };
  CHECK(rows("a,b,c") == 2);
  CHECK(rows(",b,c") == 2);
  CHECK(rows("\"0\",1,label") == 2);      // pandas' numbers beside a name
  CHECK(rows("label,1100.5,1102") == 2);  // wave lengths
  CHECK(rows("5.1,3.5,1.4") == 3);
  for (const char* missing : {"", "NA", "?", "nan", "N/A", "null"}) {
    CAPTURE(missing);
    const std::string is = *missing == '\0' ? "empty" : std::string("'") + missing + "'";
    CHECK(
        error(std::string("1,") + missing + ",3\n1,2,3\n") ==
        "a.csv:1: column 1 (the first is 0) is " + is +
            "; missing = \"drop\" in [data] leaves such rows out, missing = \"mean\" fills in the "
            "mean of the training rows");
  }
  // A slip in a sample is no title.
  CHECK(error("5.1,3.5,1.x\n4.9,3.0,1\n").starts_with("a.csv:1: column 2 (the first is 0) holds"));
  CHECK(error("5.1,3.5,setosa\n4.9,3.0,setosa\n") ==
        "a.csv:1: column 2 (the first is 0) holds text, 'setosa', and a number is expected; task = "
        "\"classification\" in [data] predicts texts");
  CHECK(error("1e400,2,3\n1,2,3\n").starts_with("a.csv:1: column 0 (the first is 0) holds text"));
}

TEST_CASE("pandas' column numbers are titles, and it is said") {
  const Folder folder;
  const CsvSets sets = load(folder, "0,1,2\n5,6,7\n", "2,1,0\n5,6,7\n");
  CHECK(sets.train.inputs == Matrix{{5, 6}});
  CHECK(sets.test.inputs.rows() == 2);  // no such numbers: no header
  const std::string path = folder.path().string();
  REQUIRE(sets.notes.size() == 3);  // the last: the same row in both
  CHECK(sets.notes[0] == path +
                             "/a.csv:1: the first row, 0, 1, 2, is taken for titles, as pandas "
                             "writes them; header = \"no\" in [data] says otherwise");
  CHECK(sets.notes[1] == path + "/a.csv has titles and " + path +
                             "/b.csv has none: their columns are matched by place");
  const std::string table = "0,1\n1,0\n";  // a truth table as likely as titles
  CHECK(load(table).train.inputs.rows() == 2);
  CHECK(load(table).notes.size() == 3);
  CHECK(load(table, {{"-1"}, Task::regression}, {'\0', CsvHeader::yes}).train.feature_names ==
        std::vector<std::string>{"0"});
  CHECK(load("0,1,2\n5,6,7\n", {{"-1"}, Task::regression}, {'\0', CsvHeader::no})
            .train.inputs.rows() == 2);
}

TEST_CASE("the columns of the test set are matched by title") {
  const Folder folder;
  const CsvSets sets = load(folder, "a,b,y\n1,2,10\n", "y,b,a\n30,5,4\n");
  CHECK(sets.train.inputs == Matrix{{1, 2}});
  CHECK(sets.test.inputs == Matrix{{4, 5}});
  CHECK(sets.test.targets == Matrix{{30}});
  CHECK(error_of_two("a,b,y\n1,2,3\n", "a,c,y,d\n1,2,3,4\n") ==
        "b.csv: its columns are not those of a.csv; it lacks 'b'; only it has 'c', 'd'");
  CHECK(error_of_two("a,b,y\n1,2,3\n", "1,2\n") == "b.csv: it has 2 columns, a.csv has 3");
}

TEST_CASE("classes are the labels of the training set, in rising order, with their names") {
  const Folder folder;
  const CsvColumns columns{{"-1"}, Task::classification};
  const CsvSets sets = load(folder, "1,3\n1,1\n1,-2\n1,3\n", "1,1\n", columns);
  CHECK(sets.train.targets == Matrix{{0, 0, 1}, {0, 1, 0}, {1, 0, 0}, {0, 0, 1}});
  CHECK(sets.train.class_names == std::vector<std::string>{"-2", "1", "3"});
  CHECK(sets.test.targets == Matrix{{0, 1, 0}});
  CHECK(error_of_two("x,y\n1,0\n1,2\n", "x,y\n1,2\n\n1,5\n", columns) ==
        "b.csv:4: label 5 is of no sample of a.csv, whose labels are 0, 2");
  CHECK(error_of_two("1,0\n1,0\n", "1,0\n", columns) ==
        "a.csv: every sample is of class 0; expected at least two classes");
}

TEST_CASE("a bad CSV file says where and what") {
  CHECK(error("a,y\n1,2\n3\n", "y") == "a.csv:3: 1 cells, the header has 2 titles");
  CHECK(error("a,y\n1,2\n3,x\n", "y") == "a.csv:3: 'x' is not a finite number, in column 'y'");
  CHECK(error("a,y\n1,2\n", "z") == "a.csv: no column 'z'; it has: a, y");
  CHECK(
      error("1,2\n", "5") ==
      "a.csv: no column '5'; it has 2 columns and no header; header = \"yes\" in [data] takes the "
      "first row for titles");
  CHECK(error("a,y\n", "y") == "a.csv: it holds no samples, only a header");
  CHECK(error("", "y") == "a.csv: it is empty (0 bytes)");
  CHECK(error("1\n2\n", "0") ==
        "a.csv: it has one column; expected features and a target, between which there are commas, "
        "semicolons or tabs");
  CHECK(
      error("1,0\n1,1.5\n", "1", Task::classification) ==
      "a.csv:2: 1.5 is not a class, in column 1 (the first is 0); expected a whole number or text "
      "(task = \"regression\" predicts any number)");
  CHECK(error("a,b,a\n1,2,3\n") ==
        "a.csv:1: two columns have the title 'a'; give each a title of its own");
  CHECK(error("a,\"y\n1,2\n") ==
        "a.csv:1: the quote that opens in column 1 (the first is 0) is "
        "never closed");
  CHECK(
      error("a,y\n1,2\n1,\"2\"3\n") ==
      "a.csv:3: text follows the closing quote in column 'y'; write quotes inside of a quoted cell "
      "twice");
  CHECK(error("a;y\n1,5;2\n2.5;3\n") ==
        "a.csv:3: numbers have a decimal comma in line 2 and a decimal point in line 3; write all "
        "of them with a point");
  CHECK_THROWS_WITH(load_csv("/nowhere", "/nowhere", {}), "/nowhere: it cannot be opened");
}

TEST_CASE("what is no text is called that") {
  const std::string utf16("\xFF\xFE\x31\0\x2C\0\x32\0\n\0", 10);
  const std::string refused = "a.csv: it is UTF-16; save it as UTF-8 (in Excel: 'CSV UTF-8')";
  CHECK(error(utf16) == refused);
  CHECK(error(utf16.substr(2)) == refused);
  CHECK(error(std::string("PK\x03\x04rest", 8)) ==
        "a.csv: it is a ZIP archive, as Excel's .xlsx files are; save the sheet as CSV");
  CHECK(error(std::string("1,2\n3,\0\n", 8)) ==
        "a.csv: byte 6 is 0x00, so it is no text; expected a CSV file, gzipped or not");
  const std::string packed = gzipped("1,2\n3,4\n5,6\n");
  CHECK(error(packed.substr(0, packed.size() - 5)) == "a.csv: its gzip data ends too early");
}
