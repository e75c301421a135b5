#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace pare::nn {

/// Reads JSON: what is none gives a value that is_discarded(). The one place that has the library's
/// parser and writer compiled, which take as long as all else in a file.
nlohmann::json parse_json(std::string_view text);

/// The same with the keys in the order of the text.
nlohmann::ordered_json parse_ordered_json(std::string_view text);

/// Writes JSON, on one line or with `indent` blanks for each level.
std::string json_text(const nlohmann::json& json, int indent = -1);
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace pare::nn
