// A file of each form of data that people publish, read as it should be, or refused by name. The
// files lie beside the repository, or nowhere: then this test says so.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "build_paths.h"
#include "experiments/config.h"
#include "tests/helpers.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;

namespace {

/// What must come out of a form: [data] without its source, and the samples, features and classes
/// of all parts, as "120 x 3: a 40, b 80", or what the message says behind the folder's name.
struct Form {
  std::string data;
  std::string holds;
};

const Form kTables[] = {
    {"train = 'a_timestamp/timestamp.csv'\nignore = 'Timestamp'",
     "288 x 4: dry 51, ok 127, wet 110"},
    {"train = 'a_timestamp/timestamp.csv'",
     "a_timestamp/timestamp.csv:2: column 'Timestamp' holds text, '2024-02-01 00:00:00'"},
    {"train = 'a_timestamp/date_time.csv'\nignore = ['date', 'time']",
     "240 x 5: alarm 90, calm 150"},
    {"train = 'b_categories/machines.csv'\nignore = ['UID', 'Code']\n"
     "categories = ['Type', 'Country', 'Guarded']",
     "400 x 13: 0 388, 1 12"},
    {"train = 'b_categories/machines.csv'\ntest = 'b_categories/new_machines.csv'\n"
     "ignore = ['UID', 'Code']\ncategories = ['Type', 'Country', 'Guarded']",
     "b_categories/new_machines.csv:8: column 'Country': 'Peru' is in no training row"},
    {"train = 'b_categories/machines.csv'\ntest = 'b_categories/new_machines.csv'\n"
     "ignore = ['UID', 'Code']\ncategories = ['Type', 'Country', 'Guarded']\nunseen = 'zeros'",
     "420 x 13: 0 406, 1 14"},
    {"train = 'c_index_column/samples.csv'\nignore = ['', 'firmware', 'device']",
     "240 x 3: ash 80, elm 80, oak 80"},
    {"train = 'd_headerless/number_label.csv'", "300 x 8: 1 108, 2 91, 3 101"},
    {"train = 'd_headerless/text_label.csv'", "180 x 3: breeze 60, calm 60, gale 60"},
    {"train = 'd_headerless/regression.csv'\ntask = 'regression'", "200 x 3"},
    {"train = 'e_comment_line/one.csv'\ntask = 'regression'", "200 x 2"},
    {"train = 'e_comment_line/two.csv'\ntask = 'regression'", "150 x 2"},
    {"train = 'e_comment_line/bad.csv'\ntask = 'regression'",
     "e_comment_line/bad.csv:57: column 'height' is '#N/A'"},
    {"train = 'f_missing/missing.csv'\ncategories = ['quality', 'heating']",
     "f_missing/missing.csv:20: column 'quality' is empty; missing = "},
    {"train = 'f_missing/missing.csv'\ncategories = ['quality', 'heating']\nmissing = 'drop'",
     "238 x 8: high 119, low 119"},
    {"train = 'f_missing/missing.csv'\ncategories = ['quality', 'heating']\nmissing = 'mean'",
     "260 x 10: high 129, low 131"},
    {"train = 'f_missing/no_label_yet.csv'\nmissing = 'mean'",
     "f_missing/no_label_yet.csv:112: column 'result' is empty"},
    {"train = 'f_missing/no_label_yet.csv'\nmissing = 'drop'", "110 x 2: away 55, home 55"},
    {"train = 'g_wide_recordings/label_last.csv'", "120 x 120: circle 40, shake 40, still 40"},
    {"train = 'g_wide_recordings/label_first.csv'\ntarget = 'label'\nignore = '?0'",
     "102 x 60: A 34, B 34, C 34"},
    {"train = 'l_raw_counts/counts.csv'", "300 x 7: first 102, ground 99, second 99"},
    {"train = 'l_raw_counts/counts_rows.csv'", "300 x 7: first 102, ground 99, second 99"},
    {"train = 'l_raw_counts/counts_bad.csv'",
     "l_raw_counts/counts_bad.csv:78: 9 cells, the header"},
    {"train = 'o_european/semicolon.csv'", "200 x 3: kalt 88, warm 112"},
    {"train = 'o_european/crlf_bom.csv'", "150 x 2: a 75, b 75"},
    {"train = 'o_european/mixed_ends.csv'", "120 x 2: a 60, b 60"},
    {"train = 'o_european/utf8.csv'", "150 x 2: heiß 50, kühl 50, mäßig 50"},
    {"train = 'o_european/latin1.csv'",
     "o_european/latin1.csv:2: byte 11 of the line (0xFC, byte 38 of the file) is not UTF-8"},
    {"train = 'p_second_label/two_names.csv'\ntarget = 'target_name'",
     "p_second_label/two_names.csv:2: column 'cause' holds text, 'none'"},
    {"train = 'p_second_label/two_names.csv'\ntarget = 'target_name'\nignore = ['target', 'cause']",
     "240 x 3: left 121, up 119"},
    {"train = 'q_no_label/normal.csv'", "q_no_label/normal.csv:2: -0.184 is not a class"},
    {"train = 'r_class_spellings/numbers.csv'", "250 x 3: 0 150, 1 100"},
    {"train = 'r_class_spellings/words.csv'", "160 x 2: Off 20, off 60, on 80"},
    {"train = 's_quoted_commas/quoted.csv'\nignore = ['id', 'drugs', 'field \"left\"']",
     "160 x 2: no, not yet 80, yes 80"},
    {"train = 's_quoted_commas/quoted.csv'\nignore = 'id'",
     "s_quoted_commas/quoted.csv:2: column 'drugs' holds text, 'alpha, gamma, delta, beta'"},
};

const Form kRecordings[] = {
    {"files = 'h_file_per_class/*.csv'\nlength = 40\nwindow = 40",
     "30 x 240: circle 10, shake 10, still 10"},
    {"files = 'h_file_per_class/*.csv'\nlength = 40\nwindow = 20\nstride = 10",
     "90 x 120: circle 30, shake 30, still 30"},
    {"files = 'h_file_per_class/*.csv'\nlength = 30\nwindow = 30",
     "39 x 180: circle 13, shake 13, still 13"},
    {"files = 'h_file_per_class/*.csv'\nwindow = 20",
     "class circle has 1 recording, too few for training, validation and test"},
    {"files = 'i1_blank_lines/*.csv'\nwindow = 30", "18 x 180: circle 9, shake 9"},
    {"files = 'i2_quoted_empty/*.csv'\nwindow = 30", "18 x 180: circle 9, shake 9"},
    {"files = 'i3_dashes/[cs]*.txt'\nwindow = 30\nstride = 5", "71 x 90: circle 34, shake 37"},
    {"files = 'i4_repeated_header/*.csv'\nwindow = 30", "18 x 90: circle 9, shake 9"},
    {"files = 'i5_mixed/*.csv'\nwindow = 30\nlength = 30", "18 x 180: circle 9, shake 9"},
    {"files = 'j1_file_per_recording'\nwindow = 30\nstride = 15\n"
     "name = '(?<label>\\w+)\\.s(?<group>\\d+)'",
     "59 x 90: run 20, sit 18, walk 21"},
    {"files = 'j1_file_per_recording/no*.csv'\nwindow = 30", "matches no file"},
    {"files = 'j2_class_folders'\nlabel_from = 'folder'\nname = 'S(?<group>\\d+)'\nwindow = 48\n"
     "ignore = 'FrameCounter'",
     "24 x 288: Fall 12, Not fall 12"},
    {"files = 'k_stream/stream.csv'\ntarget = '-1'\nwindow = 20\nstride = 10",
     "22 x 60: sit 4, walk 8, wave 10"},
};

/// With a horizon of 3, 390 samples of which four would tell what comes: two before each cut.
const Form kSeries[] = {
    {"file = 'm_forecast/daily.csv'\nwindow = 8", "392 x 8"},
    {"file = 'm_forecast/daily.csv'\nwindow = 8\nhorizon = 3", "386 x 8"},
    {"file = 'm_forecast/daily_hole.csv'\nwindow = 8",
     "m_forecast/daily_hole.csv:91: column 'level' is empty"},
};

/// What a file is refused for that holds no table.
const Form kBroken[] = {
    {"width", ":63: 5 cells, the header has 6 titles"},
    {"header_wider", ":2: 7 cells, the header has 13 titles, and all 110 rows below have 7"},
    {"cut_first_line", ":2: 7 cells, the rows above have 4"},
    {"tabs_quotes", ":2: 11 cells, the header has 3 titles"},
    {"settings_block", ":7: 4 cells, the header has 2 titles; a blank line is above it"},
    {"two_tables",
     ":63: 'volts' is not a finite number, in column 'speed'; it looks like the header"},
    {"json", ": line 1: it is JSON, not CSV"},
    {"lfs_pointer", ": line 1: it is a Git LFS pointer"},
    {"header_alone", ": it holds no samples, only a header"},
    {"one_line", ": it holds 1 samples, too few to split off a test set"},
    {"empty", ": it is empty (0 bytes)"},
    {"recording_per_column", ":2: column 'Recording 2024-03-09 14:05:05' holds text"},
    {"text_around_numbers", ":1: column 1 (the first is 0) holds text, 'Roll: -11.43'"},
};

std::string describe(const nn::Split& data) {
  const nn::Index samples =
      data.train.inputs.rows() + data.validation.inputs.rows() + data.test.inputs.rows();
  std::string text = fmt::format("{} x {}", samples, data.train.inputs.cols());
  std::vector<std::string> counts;
  for (std::size_t k = 0; k < data.train.class_names.size(); ++k) {
    const auto column = static_cast<nn::Index>(k);
    const float count = data.train.targets.col(column).sum() +
                        data.validation.targets.col(column).sum() +
                        data.test.targets.col(column).sum();
    counts.push_back(fmt::format("{} {}", data.train.class_names[k], count));
  }
  return counts.empty() ? text : fmt::format("{}: {}", text, fmt::join(counts, ", "));
}

void check_form(const fs::path& forms, const char* source, const Form& form) {
  CAPTURE(form.data);
  const Folder folder;
  fs::create_symlink(forms, folder.path() / "data");
  std::string data = form.data;
  for (const char* key : {"train = '", "test = '", "files = '", "file = '"}) {
    const std::size_t at = data.starts_with(key) ? 0 : data.find(std::string("\n") + key);
    if (at == data.npos) continue;
    data.insert(data.find('\'', at) + 1, "data/");
  }
  const std::string path = folder.write(
      "c.toml",
      fmt::format("[data]\nsource = \"{}\"\n{}\n[[variants]]\nname = \"a\"\n", source, data));
  std::string found;
  try {
    found = describe(experiments::make_data(experiments::load_experiment(path, {}), 1));
    CHECK(found == form.holds);
  } catch (const std::exception& error) {
    found = error.what();
    CAPTURE(found);
    CHECK(found.find(form.holds) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("files of the forms in which people publish data are read, or say what is refused") {
  const fs::path forms = fs::path(PARE_SOURCE_DIR).parent_path() / "shared/forms/data";
  if (!fs::is_directory(forms)) {
    MESSAGE("skipped: there is no " << forms.string());
    return;
  }
  for (const Form& form : kTables) check_form(forms, "csv", form);
  for (const Form& form : kRecordings) check_form(forms, "recordings", form);
  for (const Form& form : kSeries) check_form(forms, "series", form);
  for (const Form& form : kBroken) {
    check_form(forms, "csv",
               {fmt::format("train = 'n_broken/{}.csv'", form.data),
                fmt::format("n_broken/{}.csv{}", form.data, form.holds)});
  }
}
