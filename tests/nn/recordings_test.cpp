// Recordings and series: lines in time that become windows.
#include "nn/recordings.h"

#include <doctest/doctest.h>

#include "nn/name_pattern.h"
#include "nn/series.h"
#include "nn/time_column.h"
#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::Folder;

namespace {

/// `lines` lines of two numbers that count from `first`.
std::string lines(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) {
    text += std::to_string(i) + "," + std::to_string(10 * i) + "\n";
  }
  return text;
}

/// Reads files a.csv, b.csv, ... of these texts.
struct Loaded {
  Dataset data;
  std::vector<std::string> notes;
};

Loaded load(const std::vector<std::string>& texts, RecordingOptions options) {
  const Folder folder;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    options.files.push_back(
        folder.write(std::string(1, static_cast<char>('a' + i)) + ".csv", texts[i]));
  }
  Loaded loaded;
  loaded.data = load_recordings(options, loaded.notes);
  for (std::string& note : loaded.notes) {
    for (std::size_t at = 0; (at = note.find(folder.path().string() + "/")) != note.npos;) {
      note.erase(at, folder.path().string().size() + 1);
    }
  }
  return loaded;
}

std::string error(const std::vector<std::string>& texts, const RecordingOptions& options) {
  try {
    load(texts, options);
  } catch (const std::runtime_error& thrown) {
    const std::string what = thrown.what();
    const std::size_t at = what.rfind("/a.csv");
    return at == what.npos ? what : what.substr(at + 1);
  }
  return "it was read";
}

RecordingOptions windows(Index window, Index stride) {
  RecordingOptions options;
  options.window = window;
  options.stride = stride;
  return options;
}

}  // namespace

TEST_CASE("each way in which people separate recordings is a border that no window crosses") {
  for (const char* between : {"\n", "\n\n\n", ",\n", "\"\",\"\"\n", "-,-\n", "x,y\n"}) {
    CAPTURE(between);
    const Loaded loaded =
        load({"x,y\n" + lines(0, 4) + between + lines(4, 5) + between + lines(9, 2) + between,
              "x,y\n" + lines(20, 3)},
             windows(3, 1));
    CHECK(loaded.data.inputs.rows() == 2 + 3 + 1);
    CHECK(loaded.data.inputs.row(0) == Eigen::RowVectorXf{{0, 0, 1, 10, 2, 20}});
    CHECK(loaded.data.inputs.row(2) == Eigen::RowVectorXf{{4, 40, 5, 50, 6, 60}});
    CHECK(loaded.data.class_names == std::vector<std::string>{"a", "b"});
    CHECK(loaded.data.targets.col(1).sum() == 1);
    CHECK(loaded.data.groups == std::vector<Index>{0, 0, 1, 1, 1, 2});
    CHECK(loaded.data.feature_names[3] == "y[1]");
    REQUIRE(loaded.notes.size() == 1);
    CHECK(loaded.notes[0].starts_with("a.csv:"));
    CHECK(loaded.notes[0].ends_with("is left out: 2 lines, fewer than the window of 3"));
  }
}

TEST_CASE("recordings of one length need no border between them") {
  RecordingOptions options = windows(2, 2);
  options.length = 4;
  const Loaded loaded = load({lines(0, 9), lines(20, 4) + "\n" + lines(24, 8)}, options);
  CHECK(loaded.data.inputs.rows() == 4 + 6);
  CHECK(loaded.data.groups == std::vector<Index>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4});
  CHECK(loaded.notes ==
        std::vector<std::string>{"a.csv:9: the recording up to line 9 is left out: 1 "
                                 "lines, fewer than the window of 2"});
  options.length = 0;
  CHECK(
      load({lines(0, 3), lines(20, 4) + "\n" + lines(24, 8) + "\n" + lines(40, 3)}, options)
          .notes[0] ==
      "b.csv: its recordings have 4, 8, 3 lines, which but for the last are multiples of 4; if so "
      "many lines are a recording, say length = 4 in [data]");
}

TEST_CASE("class and group come from the file, its folder or a pattern over the path") {
  const Folder folder;
  RecordingOptions options = windows(2, 2);
  for (const char* name : {"walk.s1.r1", "walk.s2.r1", "run.s1.r1", "run.s1.r2"}) {
    options.files.push_back(folder.write(std::string(name) + ".csv", lines(0, 4)));
  }
  options.label_from = LabelFrom::name;
  options.pattern = "/(?<label>[a-z]+)\\.s(?<group>\\d+)(\\.r\\d)?\\.csv";
  std::vector<std::string> notes;
  const Dataset data = load_recordings(options, notes);
  CHECK(data.class_names == std::vector<std::string>{"run", "walk"});
  CHECK(data.groups == std::vector<Index>{0, 0, 1, 1, 0, 0, 0, 0});
  options.label_from = LabelFrom::folder;
  CHECK(load_recordings(options, notes).class_names ==
        std::vector<std::string>{folder.path().filename().string()});

  options.label_from = LabelFrom::name;
  options.pattern = "s(?<group>\\d)";
  CHECK_THROWS_WITH(
      load_recordings(options, notes),
      "name = 's(?<group>\\d)': it has no (?<label>...), which says what the class is");
  options.pattern = "(?<label>jump)";
  CHECK_THROWS_WITH(load_recordings(options, notes),
                    doctest::Contains("walk.s1.r1.csv: its path gives no label by name = "));
  options.pattern = "(?<label>[)";
  CHECK_THROWS_WITH(load_recordings(options, notes), doctest::Contains("name = '(?<label>[)': "));
}

TEST_CASE("a stream is cut where its label changes, and its times are no features") {
  RecordingOptions options = windows(2, 1);
  options.label_from = LabelFrom::column;
  options.target = "-1";
  const std::string stream =
      "23:59:59.90,1,sit\n23:59:59.95,2,sit\n00:00:00.00,3,walk\n00:00:00.05,4,walk\n"
      "00:01:00.10,5,walk\n00:01:00.15,6,sit\n00:01:00.20,7,sit\n";
  const Loaded loaded = load({stream}, options);
  CHECK(loaded.data.inputs == Matrix{{1, 2}, {3, 4}, {4, 5}, {6, 7}});
  CHECK(loaded.data.groups == std::vector<Index>{0, 1, 1, 2});
  CHECK(loaded.notes ==
        std::vector<std::string>{
            "a.csv: times are no features: column 0 (the first is 0); features = [...] in [data] "
            "makes them some",
            "a.csv:5: 60 are missing in time before this line, where steps are of 0.05"});
  CHECK(error({"x,y,label\n1,2,a\n3,4,\n"}, [&] {
          options.target = "label";
          return options;
        }()) == "a.csv:3: column 'label' is empty: the label is missing");
}

TEST_CASE("times that are uneven are noted") {
  std::string text = "timestamp,x\n";
  for (int i = 0; i < 20; ++i)
    text += std::to_string(20 * i + i % 3) + "," + std::to_string(i) + "\n";
  const Loaded loaded = load({text, text}, windows(4, 4));
  CHECK(loaded.data.inputs.cols() == 4);
  REQUIRE(loaded.notes.size() == 2);
  CHECK(std::vector(loaded.notes.begin() + 1, loaded.notes.end()) ==
        std::vector<std::string>{"the lines of recordings are 18 to 21 apart in time, mostly 21"});
  RecordingOptions asked = windows(4, 4);
  asked.features = {"timestamp", "x"};
  CHECK(load({text, text}, asked).data.inputs.cols() == 8);
  CHECK(parse_time("2024-03-01 00:00:10").value() - parse_time("2024-02-28T23:59:50").value() ==
        86400 + 20);
  CHECK_FALSE(parse_time("soon"));
}

TEST_CASE("recordings that cannot be read say why") {
  CHECK(error({lines(0, 3)}, windows(5, 1)) ==
        "no recording has 5 lines, which window in [data] asks for");
  CHECK(
      error({"x,y\n1,2\n3,b\n"}, windows(1, 1)) ==
      "a.csv:3: column 'y' holds 'b', and a number is expected; ignore = [\"y\"] in [data] leaves "
      "the column out");
  CHECK(error({"x,y\n"}, windows(1, 1)) == "a.csv: it holds no samples, only a header");
  RecordingOptions options = windows(1, 1);
  options.ignore = {"q"};
  CHECK(error({"x,y\n1,2\n"}, options) == "a.csv: no column 'q'; it has: x, y");
  CHECK_THROWS_WITH(load({"x,y\n1,2\n", "x,z\n1,2\n"}, windows(1, 1)),
                    doctest::Contains("b.csv: its features are x, z, and those of "));
}

TEST_CASE("a series forecasts a later row from a window, in the order of time") {
  const Folder folder;
  SeriesOptions options{folder.write("a.csv",
                                     "date,level\n2023-01-01,1\n2023-01-02,2\n2023-01-03,3\n"
                                     "2023-01-04,4\n2023-01-05,5\n2023-01-09,6\n2023-01-10,7\n")};
  options.window = 2;
  std::vector<std::string> notes;
  const Dataset data = load_series(options, notes);
  CHECK(data.inputs == Matrix{{1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}});
  CHECK(data.targets == Matrix{{3}, {4}, {5}, {6}, {7}});
  CHECK(data.feature_names == std::vector<std::string>{"level[t-2]", "level[t-1]"});
  REQUIRE(notes.size() == 1);
  CHECK(
      notes[0].ends_with("a.csv:7: 2.592e+05 are missing in time before this line, where steps are "
                         "of 8.64e+04"));
  options.horizon = 3;
  CHECK(load_series(options, notes).targets == Matrix{{5}, {6}, {7}});
  options.horizon = 4;
  CHECK_THROWS_WITH(
      load_series(options, notes),
      doctest::Contains("it has 7 rows, too few for a window of 2 and a horizon of 4"));
  options.file = folder.write("b.csv", "1\n2\n\"\"\n4\n");
  options.window = 1;
  options.horizon = 1;
  CHECK_THROWS_WITH(load_series(options, notes),
                    doctest::Contains("b.csv:3: column 0 (the first is 0) is empty"));
}

TEST_CASE("a pattern's groups have names, and its classes are those that people know") {
  const NamePattern pattern("(a|b)?[\\w-]+(?:x)\\.(?<n>\\d+)\\.csv");
  CHECK(pattern.find("q-7x.12.csv", "n") == "12");
  CHECK(pattern.find("q-7x.12.csv", "other") == "");
  CHECK_FALSE(pattern.find("q-7.12.csv", "n"));
  CHECK_THROWS_WITH(NamePattern("(?<n"), "a (?< in it has no >");
  CHECK_THROWS_WITH(NamePattern("(?<n>a"), doctest::Contains("Unmatched ("));
  CHECK_THROWS_WITH(NamePattern("(?<n>.+?)_"), doctest::Contains("+? takes as little as it can"));
  CHECK_THROWS_WITH(NamePattern("(?P<n>a)"), doctest::Contains("(?P is not known here"));
  CHECK_THROWS_WITH(NamePattern("\\D+"), "\\D is not known here; \\d, \\w and \\s are");
  CHECK(NamePattern("(?<n>[]x\\d]+)").find("a]x7", "n") == "]x7");
}

TEST_CASE("a column is a feature once, and neither the label nor what is ignored") {
  const std::string text = "ax,ay,label\n1,2,0\n3,4,1\n5,6,1.0\n";
  RecordingOptions options = windows(1, 1);
  options.label_from = LabelFrom::column;
  options.target = "label";
  options.features = {"ax", "a*"};
  const Loaded loaded = load({text}, options);
  CHECK(loaded.data.inputs == Matrix{{1, 2}, {3, 4}, {5, 6}});
  CHECK(loaded.data.class_names == std::vector<std::string>{"0", "1"});
  options.features = {"*"};
  CHECK(error({text}, options) == "a.csv: column 'label' is among the features, and a target too");
  options.features = {"ax"};
  options.target = "a*";
  CHECK(error({text}, options) == "a.csv: 'a*' stands for 2 columns, and one is meant");
}

TEST_CASE("lines that fill no window are counted") {
  const Loaded loaded = load({lines(0, 8)}, windows(3, 3));
  CHECK(loaded.notes ==
        std::vector<std::string>{"2 lines at the ends of recordings do not fill a window"});
}

TEST_CASE("titles that only hold the letters of time are no times") {
  for (const char* title :
       {"time", "Time (s)", "timestamp", "date_time", "DateTime", "t_time_ms"}) {
    CAPTURE(title);
    CHECK(is_time_column(title, "1"));
  }
  for (const char* title :
       {"centimeters", "altimeter", "T", "lifetimes", "sentiment", "times_hit"}) {
    CAPTURE(title);
    CHECK_FALSE(is_time_column(title, "1"));
  }
  CHECK(is_time_column("x", "12:30:00"));
  CHECK_FALSE(is_time_column("x", "nan"));
}
