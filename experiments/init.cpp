#include "experiments/init.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "bench/inspection.h"
#include "compress/options.h"
#include "nn/activation.h"
#include "nn/text_file.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;
using compress::toml_string;

/// A name for results, of what a file is called.
std::string results_name(const fs::path& file) {
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

std::string config_of(const InitArguments& arguments, const fs::path& config,
                      const nn::ReadModel& read) {
  const nn::Model& model = read.model;
  std::string text = fmt::format("# {0} holds {1} in {2}, {3} parameters. Next: ./pare run {4}\n",
                                 arguments.file, nn::widths(model), nn::name(nn::arithmetic(model)),
                                 nn::parameter_count(model), config.string());
  for (const std::string& line : bench::describe_ends(model)) text += fmt::format("# {}\n", line);
  for (const std::string& note : read.notes) text += fmt::format("# {}\n", note);
  text += fmt::format("name = {}\nboards = [\"nano33ble\"]\n\n[model]\nfile = {}\n",
                      toml_string(results_name(arguments.file)),
                      toml_string(path_from(config, arguments.file)));
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

}  // namespace

void init_config(const InitArguments& arguments) {
  const nn::ReadModel read = nn::read_model(arguments.file, arguments.read);
  const fs::path config = arguments.out.empty() ? fs::path(results_name(arguments.file) + ".toml")
                                                : fs::path(arguments.out);
  if (fs::exists(config) && !arguments.force) {
    throw std::invalid_argument(fmt::format(
        "{} exists: name another one with --out, or replace it with --force", config.string()));
  }
  nn::check_file_target(config, "--out");
  const std::string text = config_of(arguments, config, read);
  nn::replace_text(config, text);
  fmt::print("{}", text);
}

}  // namespace pare::experiments
