// The config that init writes for a table, and what it says of each choice.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "experiments/config.h"
#include "nn/csv_survey.h"
#include "tests/experiments/program.h"

using namespace pare;
using tests::Folder;
using tests::run_pare;

namespace {

/// A row for each of `count` numbers.
template <class Row>
std::string table(const std::string& header, int count, Row row) {
  std::string text = header + "\n";
  for (int i = 0; i < count; ++i) text += row(i) + "\n";
  return text;
}

/// [data] of the config that init writes, without its first lines and the test fraction.
std::string data_of(const std::string& text, const std::vector<std::string>& more = {}) {
  const Folder folder;
  folder.write("t.csv", text);
  std::vector<std::string> arguments{"init", "t.csv"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto result = run_pare(arguments, {}, folder.path().string());
  if (result.exit_code != 0) return result.err;
  CHECK_NOTHROW(experiments::load_experiment(folder.path() / "t.toml", {}));
  const std::string begin = "train = \"t.csv\"\n";
  const std::size_t at = result.out.find(begin) + begin.size();
  return result.out.substr(at, result.out.find("test_fraction") - at);
}

std::string number(double value) { return std::to_string(value); }

}  // namespace

TEST_CASE("init finds target, task, ids, dates, constants, categories and missing values") {
  const std::string text = table("id,code,when,kind,same,temp [C],state", 40, [](int i) {
    return std::to_string(100 + 7 * i) + ",c" + std::to_string(i) +
           ",2024-02-01 00:" + std::to_string(10 + i) + "," +
           (i % 3 == 0   ? "red"
            : i % 3 == 1 ? "blue"
                         : "") +
           ",3," + number(i * i % 11) + "," + (i % 5 < 2 ? "on" : "off");
  });
  CHECK(data_of(text) ==
        "target = \"state\"  # its title, the last column, 2 texts\n"
        "task = \"classification\"  # off 24, on 16\n"
        "ignore = [\n"
        "  \"id\",  # rises by 7 in every row, as ids do\n"
        "  \"code\",  # another text in nearly every row, as names and codes are\n"
        "  \"when\",  # dates or times as text\n"
        "  \"same\",  # always 3\n"
        "]\n"
        "categories = [\n"
        "  \"kind\",  # blue, red\n"
        "]\n"
        "missing = \"mean\"  # 13 of 40 rows lack a value\n");
}

TEST_CASE("init ignores what tells the class, and what rises as time does") {
  const std::string text = table("time,x,label,label_name", 60, [](int i) {
    return number(1700000000 + i * 1.5 + i % 2) + "," + number(i * i % 17) + "," +
           (i % 4 == 0 ? "1,left" : "0,up");
  });
  CHECK(data_of(text) ==
        "target = \"label_name\"  # its title, the last column, 2 texts\n"
        "task = \"classification\"  # left 15, up 45\n"
        "ignore = [\n"
        "  \"time\",  # rises in every row, as time does\n"
        "  \"label\",  # tells the class in every row\n"
        "]\n");
}

TEST_CASE("init proposes a regression, an uneven classification and groups, with its reasons") {
  CHECK(data_of(table("u,v,height", 50,
                      [](int i) {
                        return number(i * i % 13) + "," + number(i * 7 % 11) + "," +
                               number(i * i * i % 101 + 0.5);
                      })) ==
        "target = \"height\"  # the last column\n"
        "task = \"regression\"  # numbers, 50 different ones\n");
  CHECK(data_of(table("subject,x,fault", 60,
                      [](int i) {
                        return "s" + std::to_string(i / 15) + "," + number(i * i % 13) +
                               (i % 20 == 3 ? ",1" : ",0");
                      })) ==
        "target = \"fault\"  # its title, the last column, 2 whole numbers\n"
        "task = \"classification\"  # 0 57, 1 3; the smallest has 5.0 %: look at more than top-1\n"
        "group = \"subject\"  # its title: no one of them is in two parts of a split\n");
}

TEST_CASE("init says where it finds no target, or nothing to predict it from") {
  const std::string axes = table("x,y,z", 30, [](int i) {
    return number(i * i % 13) + "," + number(i * 7 % 11) + "," + number(i * i % 29);
  });
  CHECK(
      data_of(axes) ==
      "pare: t.csv: no column looks like what is to be predicted; name it: --target TITLE, or its "
      "number from 0\n");
  CHECK(data_of(axes, {"--target", "y"}).starts_with("target = \"y\"  # as you say\n"));
  const std::string untitled =
      table(",x", 30, [](int i) { return number(i * i % 13) + ",1." + std::to_string(i % 7); });
  CHECK(data_of(untitled, {"--target", "0"}).starts_with("target = \"0\"  # as you say\n"));
  CHECK(data_of(axes, {"--target", "w"}) == "pare: t.csv: no column 'w'; it has: x, y, z\n");
  const std::string names = table(
      "name,kind", 30, [](int i) { return "n" + std::to_string(i) + (i % 2 == 0 ? ",a" : ",b"); });
  CHECK(data_of(names) ==
        "pare: t.csv: nothing is left to predict 'kind' from; 'name': another text in nearly every "
        "row, as names and codes are\n");
}

TEST_CASE("init's config for a table runs") {
  const Folder folder;
  folder.write("t.csv", table("hPa,%,state", 60, [](int i) {
                 return number(950 + i * 37 % 60) + "," + number((i * 11 % 23) / 23.0) + "," +
                        (i * 37 % 60 > 30 ? "high" : "low");
               }));
  CHECK(run_pare({"init", "t.csv"}, {}, folder.path().string()).exit_code == 0);
  const auto result = run_pare({"run", "t.toml", "--set", "train.epochs=60", "--format", "csv"}, {},
                               folder.path().string());
  CAPTURE(result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("12 of 60 rows are the test set") != std::string::npos);
  const auto classes =
      run_pare({"classes", "results/t", "int8", "--format", "csv"}, {}, folder.path().string());
  CHECK(
      classes.out.starts_with("class,samples,recall %,precision %,taken for high,taken for low\n"
                              "high,6,"));
}

TEST_CASE("init forecasts a column that stands beside times alone") {
  const Folder folder;
  folder.write("t.csv", table("date,level", 40, [](int i) {
                 return fmt::format("2023-{:02}-{:02},{}", 1 + i / 28, 1 + i % 28, i * i % 29);
               }));
  const std::string in = folder.path().string();
  const auto result = run_pare({"init", "t.csv"}, {}, in);
  CHECK(result.out.find("source = \"series\"  # nothing but times beside the target\n"
                        "file = \"t.csv\"\n"
                        "target = \"level\"  # the last column\n"
                        "window = 8  # rows that are seen\n") != std::string::npos);
  const auto experiment = experiments::load_experiment(folder.path() / "t.toml", {});
  CHECK(experiments::make_data(experiment, 1).test.inputs.rows() == 6);
}

namespace {

/// Writes files of three blocks of lines with two axes and a time, and gives [data] of the config.
std::string recordings_of(const std::vector<std::string>& names, const std::string& between,
                          const std::vector<std::string>& more = {}) {
  const Folder folder;
  std::filesystem::create_directories(folder.path() / "rec/a");
  std::filesystem::create_directories(folder.path() / "rec/b");
  const auto block = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += fmt::format("{},{},{}\n", 20 * i, i * i % 7, i % 3);
    return text;
  };
  for (const std::string& name : names) {
    folder.write("rec/" + name, "time,x,y\n" + block(9) + between + block(9) + between + block(4));
  }
  std::vector<std::string> arguments{"init", "rec"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto result = run_pare(arguments, {}, folder.path().string());
  if (result.exit_code != 0) return result.err;
  CHECK_NOTHROW(experiments::load_experiment(folder.path() / "rec.toml", {}));
  const std::string begin = "files = \"rec\"\n";
  const std::size_t at = result.out.find(begin) + begin.size();
  return result.out.substr(at, result.out.find("\n[model]") - at);
}

}  // namespace

TEST_CASE("init looks at the names and the lines of recordings") {
  CHECK(recordings_of({"on.csv", "off.csv"}, "\n") ==
        "label_from = \"file\"  # each file's name is a class\n"
        "ignore = [\n  \"time\",  # times, which are no feature\n]\n"
        "window = 4  # lines; recordings have 4 to 9\nstride = 2\n");
  CHECK(recordings_of({"walk.s1.r1.csv", "walk.s2.r1.csv", "run.s1.r1.csv", "run.s2.r1.csv"}, "") ==
        "label_from = \"name\"  # files of each first word: run 2, walk 2\n"
        "name = '/(?<label>[a-zA-Z]+)[^/]*[./_-][sSpPuU](?<group>\\d+)[^/]*$'\n"
        "ignore = [\n  \"time\",  # times, which are no feature\n]\n"
        "window = 22  # lines; recordings have 22 to 22\nstride = 11\n");
  CHECK(recordings_of({"a/1.csv", "a/2.csv", "b/1.csv"}, ",,\n") ==
        "label_from = \"folder\"  # files in each: a 2, b 1\n"
        "ignore = [\n  \"time\",  # times, which are no feature\n]\n"
        "window = 4  # lines; recordings have 4 to 9\nstride = 2\n");
  CHECK(recordings_of({"on.csv", "off.csv"}, "") ==
        "pare: rec/off.csv: nothing separates the recordings in its 22 lines; say how many lines "
        "each "
        "has: --length LINES\n");
  CHECK(recordings_of({"on.csv", "off.csv"}, "", {"--length", "5"}) ==
        "label_from = \"file\"  # each file's name is a class\n"
        "ignore = [\n  \"time\",  # times, which are no feature\n]\n"
        "length = 5  # lines of each recording\nwindow = 5  # a whole recording\nstride = 5\n");
}

TEST_CASE("init tells people's folders from classes', and headers from recordings") {
  const auto same = recordings_of({"a/on.csv", "a/off.csv", "b/on.csv", "b/off.csv"}, "\n");
  CHECK(
      same.starts_with("label_from = \"name\"  # the same files in each of 2 folders: off 2, on 2\n"
                       "name = '/(?<group>[^/]+)/(?<label>[^/]+)[.][a-z]+$'\n"));
  const Folder folder;
  std::filesystem::create_directories(folder.path() / "rec");
  folder.write("rec/a.csv", "x,y\n");
  CHECK(run_pare({"init", "rec/"}, {}, folder.path().string()).err ==
        "pare: rec/a.csv: it holds no samples, only a header\n");
}

TEST_CASE("init reads numbers as run does") {
  const std::string dashes = data_of(table("x1,x2,y", 60, [](int i) {
    return number(i * i % 13) + "," + (i % 9 == 4 ? "-" : number(i * 7 % 11 + 0.25)) +
           (i % 2 == 0 ? ",a" : ",b");
  }));
  CHECK(dashes.ends_with("missing = \"drop\"  # 7 of 60 rows lack a value\n"));
  CHECK(dashes.find("categories") == std::string::npos);
  const std::string commas = data_of(table("Druck;x;Klasse", 40, [](int i) {
    return fmt::format("{},{};{};{}", 1000 + i, i % 10, i * i % 7, i % 2 == 0 ? "kalt" : "warm");
  }));
  CHECK(commas.find("counts the rows") == std::string::npos);
  CHECK(data_of(table("size,income,y", 40,
                      [](int i) {
                        return fmt::format("{},\"{},{:03}\",{}", i * i % 13, 1 + i, i * 7,
                                           i % 2 == 0 ? "a" : "b");
                      }))
            .find("\"income\",  # numbers with commas between thousands, which are not read") !=
        std::string::npos);
  CHECK(data_of(table("x,color,y", 60,
                      [](int i) {
                        return number(i * i % 13) +
                               (i == 7       ? ",mauve"
                                : i % 2 == 0 ? ",red"
                                             : ",blue") +
                               (i % 3 == 0 ? ",a" : ",b");
                      }))
            .find("unseen = \"zeros\"  # 'mauve' stands in 1 rows alone, and may be in no training "
                  "row") != std::string::npos);
}
