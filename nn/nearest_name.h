#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pare::nn {

/// The fewest letters to insert, delete, replace or swap with their neighbour that make `b` of `a`;
/// capitals count as small letters. Source: the restricted Damerau-Levenshtein distance (Damerau,
/// "A technique for computer detection and correction of spelling errors", 1964).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The name nearest to `given`, the first of several, if they differ in at most a third of the
/// longer one's letters: what was likely meant.
std::optional<std::string_view> nearest_name(std::string_view given,
                                             const std::vector<std::string_view>& known);

/// The end of a message that refuses the unknown name `given`: "; did you mean 'a'?", or nothing
/// where none of `known` is near.
std::string did_you_mean(std::string_view given, const std::vector<std::string_view>& known);

}  // namespace pare::nn
