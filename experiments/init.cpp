#include "experiments/init.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "bench/inspection.h"
#include "compress/options.h"
#include "experiments/data_proposal.h"
#include "experiments/recordings_proposal.h"
#include "experiments/sources/source.h"
#include "nn/activation.h"
#include "nn/text_file.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;
using compress::toml_string;

/// `text` for a comment.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

/// A name for results, of what a file is called.
std::string results_name(fs::path file) {
  if (!file.has_filename()) file = file.parent_path();  // a folder with its slash
  std::string name = file.stem().string();
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (!plain) c = '_';
  }
  name.resize(std::min<std::size_t>(name.size(), 60));
  return name.empty() || name[0] == '-' ? "model" + name : name;
}

/// The path as the config names it: from its own folder.
std::string path_from(const fs::path& config, const fs::path& file) {
  const fs::path folder = fs::absolute(config).parent_path();
  const fs::path relative = fs::absolute(file).lexically_relative(folder);
  return relative.empty() || *relative.begin() == ".." ? fs::absolute(file).string()
                                                       : relative.string();
}

constexpr std::string_view kRandomData =
    "[data]\n"
    "# Without data the model is compared with itself, over random inputs as its first layer sees\n"
    "# them: range says how large those are. With inputs and right answers of yours, say instead\n"
    "#   source = \"csv\", train = \"train.csv\", test = \"test.csv\", target = \"TITLE\"\n"
    "source = \"random\"\n";

constexpr std::string_view kFloatVariants =
    "[[variants]]\nname = \"float32\"\n\n"
    "[[variants]]\nname = \"int8\"\npasses = [\"quantize_int8\"]\n\n"
    "[[variants]]\nname = \"4-bit\"\n"
    "passes = [{ pass = \"quantize_weights\", bits = [4], epochs = 0 }]\n";

constexpr std::string_view kInt8Variants =
    "[[variants]]\n"
    "name = \"int8\"  # as it is in the file; passes would start from the floats it stands for\n";

/// The name of the results, the board, and the table whose first line is `table`, with the file.
std::string beginning(const InitArguments& arguments, const fs::path& config,
                      std::string_view table, std::string_view file_key) {
  return fmt::format("name = {}\nboards = [\"nano33ble\"]\n\n{}\n{} = {}\n",
                     toml_string(results_name(fs::absolute(arguments.file).lexically_normal())),
                     table, file_key, toml_string(path_from(config, arguments.file)));
}

std::string model_config(const InitArguments& arguments, const fs::path& config) {
  const nn::ReadModel read = nn::read_model(arguments.file, arguments.read);
  const nn::Model& model = read.model;
  std::string text = fmt::format("# {0} holds {1} in {2}, {3} parameters. Next: ./pare run {4}\n",
                                 arguments.file, nn::widths(model), nn::name(nn::arithmetic(model)),
                                 nn::parameter_count(model), config.string());
  for (const std::string& line : bench::describe_ends(model)) text += fmt::format("# {}\n", line);
  for (const std::string& note : read.notes) text += fmt::format("# {}\n", note);
  text += beginning(arguments, config, "[model]", "file");
  if (!arguments.read.output.empty()) {
    text += fmt::format("output = {}\n", toml_string(arguments.read.output));
  }
  if (!arguments.read.layers.empty()) {
    std::vector<std::string> names;
    for (const std::string& layer : arguments.read.layers) names.push_back(toml_string(layer));
    text += fmt::format("layers = [{}]\n", fmt::join(names, ", "));
  }
  if (arguments.read.activation != nn::Activation::relu) {
    text += fmt::format("activation = \"{}\"\n", nn::name(arguments.read.activation));
    if (arguments.read.activation.function().info.alpha) {
      text += fmt::format("alpha = {}\n", arguments.read.activation.alpha);
    }
  }
  const bool float32 = nn::arithmetic(model) == nn::Arithmetic::float32;
  text += fmt::format("\n{}{}\n", kRandomData, float32 ? "range = [-1, 1]\n" : "");
  return text + std::string(float32 ? kFloatVariants : kInt8Variants);
}

bool is_table(const fs::path& file) {
  static const std::set<std::string> kEndings{".csv", ".tsv", ".txt", ".dat", ".data", ".gz"};
  return kEndings.contains(file.extension().string());
}

using Choice = DataProposal::Choice;

/// `key = [...]`, a line and a reason each; nothing where there are none.
std::string list_toml(std::string_view key, const std::vector<Choice>& choices) {
  if (choices.empty()) return {};
  std::string text = fmt::format("{} = [\n", key);
  for (const Choice& choice : choices) {
    text += fmt::format("  {},  # {}\n", toml_string(choice.key), one_line(choice.reason));
  }
  return text + "]\n";
}

std::string choice_toml(std::string_view key, const Choice& choice) {
  if (choice.key.empty()) return {};
  return fmt::format("{} = {}  # {}\n", key, toml_string(choice.key), one_line(choice.reason));
}

/// Small batches and many epochs for small tables, so that each training takes some seconds.
std::string training_toml(std::size_t rows) {
  constexpr std::size_t kSamples = 200'000;  // that are seen in all
  const std::size_t epochs =
      std::clamp<std::size_t>(kSamples / std::max<std::size_t>(1, rows), 5, 300);
  return fmt::format("[model]\nhidden = [32, 16]\n\n[train]\nepochs = {}\nbatch_size = {}\n\n",
                     epochs, rows < 1000 ? 16 : 64);
}

std::string data_config(const InitArguments& arguments, const fs::path& config) {
  const nn::CsvFile file(arguments.file);
  const DataProposal found = propose_data(file, arguments.target);
  std::string text = fmt::format("# {} has {} rows of {} columns. Next: ./pare run {}\n",
                                 arguments.file, file.rows(), file.columns(), config.string());
  if (!file.note().empty()) text += fmt::format("# {}\n", one_line(file.note()));
  if (found.series) {
    return text +
           beginning(arguments, config,
                     "[data]\nsource = \"series\"  # nothing but times beside the target", "file") +
           choice_toml("target", found.target) +
           "window = 8  # rows that are seen\nhorizon = 1  # the next row\n\n" +
           training_toml(file.rows()) + std::string(kFloatVariants);
  }
  const bool classes = found.task == nn::Task::classification;
  text += beginning(arguments, config, "[data]\nsource = \"csv\"", "train");
  text += choice_toml("target", found.target);
  text += choice_toml("task", {classes ? "classification" : "regression", found.task_reason});
  text += list_toml("ignore", found.ignore);
  text += list_toml("categories", found.categories);
  text += choice_toml("group", found.group);
  text += choice_toml("missing", found.missing);
  text += choice_toml("unseen", found.unseen);
  text +=
      fmt::format("test_fraction = 0.2  # of the rows{}; test = \"FILE.csv\" names a test set\n\n",
                  classes ? ", of each class alike" : "");
  return text + training_toml(file.rows()) + std::string(kFloatVariants);
}

std::string recordings_config(const InitArguments& arguments, const fs::path& config) {
  const std::vector<std::string> files = matching_files(arguments.file);
  if (files.empty()) {
    throw std::invalid_argument(
        fmt::format("{}: there is no .csv, .tsv or .txt file in it", arguments.file));
  }
  const RecordingsProposal found = propose_recordings(files, arguments.file, arguments.length);
  std::string text = fmt::format("# {} has {} files. Next: ./pare run {}\n", arguments.file,
                                 files.size(), config.string());
  text += beginning(arguments, config, "[data]\nsource = \"recordings\"", "files");
  text += choice_toml("label_from", found.label_from);
  if (!found.pattern.empty()) text += fmt::format("name = '{}'\n", found.pattern);
  text += list_toml("ignore", found.ignore);
  if (found.length > 0)
    text += fmt::format("length = {}  # lines of each recording\n", found.length);
  text += fmt::format("window = {}  # {}\nstride = {}\n\n", found.window, found.window_reason,
                      found.length > 0 ? found.window : std::max<nn::Index>(1, found.window / 2));
  return text + training_toml(500) + std::string(kFloatVariants);
}

}  // namespace

void init_config(const InitArguments& arguments) {
  const fs::path config = arguments.out.empty() ? fs::path(results_name(arguments.file) + ".toml")
                                                : fs::path(arguments.out);
  if (fs::exists(config) && !arguments.force) {
    throw std::invalid_argument(fmt::format(
        "{} exists: name another one with --out, or replace it with --force", config.string()));
  }
  nn::check_file_target(config, "--out");
  const bool folder = fs::is_directory(arguments.file);
  const bool table = is_table(arguments.file);
  if (!table && !arguments.target.empty()) {
    throw std::invalid_argument("--target is for tables, such as .csv files");
  }
  if (!folder && arguments.length > 0) {
    throw std::invalid_argument("--length is for folders of recordings");
  }
  const std::string text = folder  ? recordings_config(arguments, config)
                           : table ? data_config(arguments, config)
                                   : model_config(arguments, config);
  nn::replace_text(config, text);
  fmt::print("{}", text);
}

}  // namespace pare::experiments
