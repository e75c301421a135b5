#include "experiments/model_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "bench/comparison.h"
#include "bench/inspection.h"
#include "compress/pass.h"
#include "experiments/messages.h"
#include "experiments/results.h"
#include "experiments/terminal.h"
#include "nn/csv_table.h"
#include "nn/ends.h"
#include "nn/fast_forward.h"
#include "nn/loss.h"
#include "nn/text_file.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;

constexpr nn::Index kSamples = 1000;

/// On the standard error, where a table for a program is on the standard output.
void print_notes(const std::vector<std::string>& notes) {
  std::fflush(stdout);
  for (const std::string& note : notes) say(fmt::format("pare: {}\n", note));
}

/// The model as quantize_int8 makes it of random inputs: its size is that of any such model.
nn::Model roughly_quantized(const nn::Model& model) {
  const nn::Dataset data =
      nn::make_answers(model, 256, -1, 1, nn::Random(1, nn::Stream::random_inputs));
  return compress::run({compress::make_step("quantize_int8")}, model, {data, data, {}, 1, {}})
      .model;
}

/// Where a file has an input: a number, or whether a category has one of its values.
struct InputPlace {
  std::size_t column;
  std::optional<std::string> value = {};
};

std::optional<std::size_t> find_title(const std::vector<std::string>& titles,
                                      const std::string& title) {
  const auto found = std::find(titles.begin(), titles.end(), title);
  if (found == titles.end()) return std::nullopt;
  return static_cast<std::size_t>(found - titles.begin());
}

/// Of an input called TITLE, or TITLE=VALUE, the column with that title.
std::optional<InputPlace> find_input(const std::vector<std::string>& titles,
                                     const std::string& name) {
  if (const auto column = find_title(titles, name)) return InputPlace{*column};
  for (std::size_t at = name.find('='); at != name.npos; at = name.find('=', at + 1)) {
    const auto column = find_title(titles, name.substr(0, at));
    if (column) return InputPlace{*column, name.substr(at + 1)};
  }
  return std::nullopt;
}

/// The columns of `file` that are the model's inputs: by their titles where all are there, else by
/// place.
std::vector<InputPlace> find_inputs(const nn::CsvFile& file, const nn::Model& model) {
  std::vector<InputPlace> places;
  for (const std::string& name : model.inputs.names) {
    if (const auto place = find_input(file.titles(), name)) places.push_back(*place);
  }
  const auto inputs = static_cast<std::size_t>(nn::input_count(model));
  if (places.size() == inputs) return places;
  if (file.columns() == inputs && places.empty()) {
    if (!file.titles().empty() && !model.inputs.names.empty()) {
      say(fmt::format(
          "pare: {}: no column has the title of an input: they are taken as they come\n",
          file.path().string()));
    }
    places.clear();
    for (std::size_t i = 0; i < inputs; ++i) places.push_back({i});
    return places;
  }
  const std::vector<std::string>& titles = file.titles();
  throw std::invalid_argument(
      model.inputs.names.empty()
          ? fmt::format("{}: it has {} columns, and the model takes {} inputs",
                        file.path().string(), file.columns(), inputs)
          : fmt::format("{}: the model takes the columns {}, and it has {}", file.path().string(),
                        fmt::join(model.inputs.names, ", "),
                        titles.empty() ? fmt::format("{} without titles", file.columns())
                                       : fmt::format("{}", fmt::join(titles, ", "))));
}

/// 1 where the category of a row has the value of an input, 0 where it has another one that the
/// model knows.
float category_input(const nn::CsvFile& file, const nn::CsvRow& row, const InputPlace& place,
                     const std::vector<InputPlace>& all) {
  const std::string_view cell = row.cells[place.column];
  const std::string_view value =
      file.is_missing_text(cell) ? std::string_view(nn::kMissingValue) : cell;
  if (value == *place.value) return 1;
  std::vector<std::string_view> known;
  for (const InputPlace& other : all) {
    if (other.column == place.column) known.push_back(*other.value);
  }
  if (std::find(known.begin(), known.end(), value) != known.end()) return 0;
  file.fail(row.line, fmt::format("{}: '{}' is no value that the model knows, which are {}",
                                  file.column_name(place.column), cell, fmt::join(known, ", ")));
}

nn::Matrix read_inputs(const std::string& path, const nn::Model& model) {
  const nn::CsvFile file(path);
  const std::vector<InputPlace> places = find_inputs(file, model);
  nn::Matrix inputs(static_cast<nn::Index>(file.rows()), static_cast<nn::Index>(places.size()));
  nn::Index sample = 0;
  file.for_each_row([&](const nn::CsvRow& row) {
    float* to = inputs.row(sample++).data();
    for (const InputPlace& place : places) {
      *to++ = place.value ? category_input(file, row, place, places)
                          : file.expect_number(row, place.column);
    }
  });
  if (sample == 0) throw std::invalid_argument(path + ": it has no rows");
  return inputs;
}

std::string predictions(const nn::Model& model, const nn::Matrix& inputs) {
  const nn::Matrix outputs = nn::fast_forward(model, inputs);
  const bool classes = nn::is_classifier(model);
  const nn::Matrix values = classes ? nn::class_probabilities(model, outputs) : outputs;
  std::vector<std::string> names = classes ? nn::class_names(model) : model.outputs.names;
  for (nn::Index k = static_cast<nn::Index>(names.size()); k < values.cols(); ++k) {
    names.push_back(fmt::format("output{}", k));
  }
  const std::vector<nn::Index> labels = nn::predicted_classes(model, outputs);
  std::string text = classes ? "label" : "";
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + bench::csv_cell(name);
  text += '\n';
  for (nn::Index i = 0; i < values.rows(); ++i) {
    const auto row = values.row(i);
    if (classes) {
      text +=
          bench::csv_cell(names[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])]) +
          ",";
    }
    text += fmt::format("{}\n", fmt::join(row.begin(), row.end(), ","));
  }
  return text;
}

/// The model that a command line names: of a file, or of a variant of a results folder.
nn::Model named_model(const PredictArguments& arguments) {
  const std::vector<std::string>& what = arguments.what;
  if (what.size() == 3) return load_variant(what[0], what[1]).artefact.model;
  if (!fs::is_directory(fs::path(what[0]) / "models")) {
    return nn::read_model(what[0], arguments.read).model;
  }
  throw std::invalid_argument(
      fmt::format("{} is a results folder: name the variant too, ./pare predict {} VARIANT {}",
                  what[0], what[0], what[1]));
}

}  // namespace

void print_formats(const FormatsArguments& arguments) {
  bench::Table table{{"format", "files", "written", "what it holds"}, std::vector<bool>(4), {}};
  for (const nn::ModelFormat* format : nn::model_formats()) {
    table.rows.push_back({std::string(format->title),
                          fmt::format("{}", fmt::join(format->endings, ", ")),
                          format->write == nullptr ? "no" : "yes", std::string(format->takes)});
  }
  show_table(table, arguments.format);
}

void inspect_model(const InspectArguments& arguments) {
  const nn::ReadModel read = nn::read_model(arguments.file, arguments.read);
  const nn::Model& model = read.model;
  const bool people = bench::for_people(arguments.format);
  if (people) {
    fmt::print("{}: {} in {}, {} parameters, {} MACs\n\n", arguments.file, nn::widths(model),
               nn::name(nn::arithmetic(model)), nn::parameter_count(model), nn::mac_count(model));
  }
  show_table(bench::layer_summary(model), arguments.format);
  if (!people) return print_notes(read.notes);
  fmt::print("\n");
  const std::vector<std::string> ends = bench::describe_ends(model);
  for (const std::string& line : ends) fmt::print("{}\n", line);
  if (!ends.empty()) fmt::print("\n");
  std::vector<bench::Candidate> candidates{{std::string(nn::name(nn::arithmetic(model))), model}};
  const bool float32 = nn::arithmetic(model) == nn::Arithmetic::float32;
  if (float32 && nn::parameter_count(model) <= bench::kMostPriced) {
    candidates.push_back({"int8, then", roughly_quantized(model)});
  }
  show_table(bench::board_summary(candidates), arguments.format);
  print_notes(read.notes);
}

void convert_model(const ConvertArguments& arguments) {
  nn::ReadModel read = nn::read_model(arguments.from, arguments.read);
  nn::check_file_target(arguments.to, "OUT");
  const std::vector<std::string> losses = nn::write_model(read.model, arguments.to);
  read.notes.insert(read.notes.end(), losses.begin(), losses.end());
  print_notes(read.notes);
}

bool diff_models(const DiffArguments& arguments) {
  const nn::Model first = nn::read_model(arguments.first).model;
  const nn::Model second = nn::read_model(arguments.second).model;
  if (nn::input_count(first) != nn::input_count(second)) {
    fmt::print("{} takes {} inputs, {} takes {}\n", arguments.first, nn::input_count(first),
               arguments.second, nn::input_count(second));
    return false;
  }
  const nn::Matrix inputs =
      arguments.data.empty()
          ? nn::make_answers(first, kSamples, -1, 1, nn::Random(1, nn::Stream::random_inputs))
                .inputs
          : read_inputs(arguments.data, first);
  const bench::Difference difference = bench::compare_models(first, second, inputs);
  show_table(difference.table, arguments.format);
  std::fflush(stdout);
  const bool same = difference.largest <= arguments.tolerance;
  say(same ? fmt::format("pare: nothing differs by more than {} of the largest value\n",
                         arguments.tolerance)
           : fmt::format("pare: they differ by more than {} of the largest value\n",
                         arguments.tolerance));
  return same;
}

void predict(const PredictArguments& arguments) {
  if (arguments.what.size() < 2 || arguments.what.size() > 3) {
    throw std::invalid_argument(
        "predict takes a model file and a CSV file, or a results folder, a variant and a CSV file");
  }
  if (!arguments.out.empty()) nn::check_file_target(arguments.out, "--out");
  const nn::Model model = named_model(arguments);
  const std::string text = predictions(model, read_inputs(arguments.what.back(), model));
  if (arguments.out.empty()) {
    fmt::print("{}", text);
  } else {
    nn::replace_text(arguments.out, text);
  }
}

}  // namespace pare::experiments
