#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "compress/options.h"

namespace pare::experiments {

/// The parsed config with the overrides merged in. Throws std::invalid_argument, with the place, if
/// the file is missing or either is not TOML.
toml::table parse_config(const std::filesystem::path& path,
                         const std::vector<std::string>& overrides);

/// "file:line:column" of a node or a key; of what --set gave, all of it.
std::string where(const toml::source_region& source);
std::string where(const toml::node& node);

/// True of what --set gave.
bool is_override(const toml::node& node);
bool is_override(const compress::OptionValue& value);

/// One key as an option: a boolean, a number, a string, or a list of numbers. Throws
/// std::invalid_argument on anything else.
std::pair<std::string, compress::OptionValue> option_value(const toml::key& key,
                                                           const toml::node& node);

/// Every key of a table.
compress::Options::Values option_values(const toml::table& table);

/// The table `name` of the config as options; empty where there is none. Throws
/// std::invalid_argument if it is not a table.
compress::Options table_options(const toml::table& root, std::string_view name);

}  // namespace pare::experiments
