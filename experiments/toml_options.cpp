#include "experiments/toml_options.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace pare::experiments {
namespace {

constexpr std::string_view kOverride = "--set ";

toml::table parse(const std::string& text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw std::invalid_argument(fmt::format("{}: {}", where(error.source()), error.description()));
  }
}

/// Puts every value of `from` over what `into` has in its place; tables are merged, lists replaced.
void merge(toml::table& into, toml::table& from) {
  for (auto&& [key, node] : from) {
    toml::table* there = into[key].as_table();
    if (there != nullptr && node.is_table()) {
      merge(*there, *node.as_table());
    } else {
      into.erase(key);  // with the old key, which knows the place in the file
      into.insert(key, std::move(node));
    }
  }
}

/// "train.epochs=10" as TOML; a value that is no TOML is taken as a string.
toml::table parse_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw std::invalid_argument(
        fmt::format("{}{}: expected key=value, such as train.epochs=10", kOverride, text));
  }
  const std::string source = fmt::format("{}{}", kOverride, text);
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error&) {
    const std::string value = compress::toml_string(std::string_view(text).substr(equals + 1));
    return parse(fmt::format("{}={}", text.substr(0, equals), value), source);
  }
}

/// The items of a list of T, of which `all` is what people call them.
template <class T>
std::vector<T> items(const toml::array& list, const toml::key& key, const char* all) {
  std::vector<T> values;
  for (const toml::node& item : list) {
    const std::optional<T> value = item.value<T>();
    if (!value) {
      throw std::invalid_argument(
          fmt::format("{}: {} is not a list of {}", where(item.source()), key.str(), all));
    }
    values.push_back(*value);
  }
  return values;
}

}  // namespace

toml::table parse_config(const std::filesystem::path& path,
                         const std::vector<std::string>& overrides) {
  if (std::filesystem::is_directory(path)) {
    throw std::invalid_argument(fmt::format("{} is a folder, not a config file", path.string()));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::invalid_argument(fmt::format(
        "{}: there is no such config file; experiments/configs has some", path.string()));
  }
  std::ostringstream text;
  text << file.rdbuf();
  toml::table root = parse(text.str(), path.string());
  for (const std::string& override_text : overrides) {
    toml::table change = parse_override(override_text);
    merge(root, change);
  }
  return root;
}

std::string where(const toml::source_region& source) {
  std::string path = source.path ? *source.path : "";
  if (path.starts_with(kOverride)) return path;
  return fmt::format("{}:{}:{}", path, source.begin.line, source.begin.column);
}

std::string where(const toml::node& node) { return where(node.source()); }

bool is_override(const toml::node& node) { return where(node).starts_with(kOverride); }

bool is_override(const compress::OptionValue& value) { return value.where.starts_with(kOverride); }

std::pair<std::string, compress::OptionValue> option_value(const toml::key& key,
                                                           const toml::node& node) {
  compress::OptionValue option{false, where(key.source())};
  if (const auto* boolean = node.as_boolean()) {
    option.value = boolean->get();
  } else if (const auto* integer = node.as_integer()) {
    option.value = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    option.value = real->get();
  } else if (const auto* text = node.as_string()) {
    option.value = text->get();
  } else if (const auto* list = node.as_array()) {
    if (!list->empty() && list->front().is_string()) {
      option.value = items<std::string>(*list, key, "strings");
    } else {
      option.value = items<double>(*list, key, "numbers");
    }
  } else {
    throw std::invalid_argument(fmt::format(
        "{}: {} is neither true or false, a number, a string nor a list of numbers or strings",
        where(key.source()), key.str()));
  }
  return {std::string(key.str()), std::move(option)};
}

compress::Options::Values option_values(const toml::table& table) {
  compress::Options::Values values;
  for (const auto& [key, node] : table) values.insert(option_value(key, node));
  return values;
}

compress::Options table_options(const toml::table& root, std::string_view name) {
  const std::string owner = fmt::format("[{}]", name);
  const toml::node* node = root.get(name);
  if (node == nullptr) return compress::Options(owner);
  if (!node->is_table()) {
    throw std::invalid_argument(
        fmt::format("{}: {} is not a table; write [{}], and its keys on the lines below",
                    where(*node), name, name));
  }
  return compress::Options(owner, option_values(*node->as_table()), where(*node));
}

}  // namespace pare::experiments
