#pragma once

#include <string>
#include <string_view>

namespace pare::nn {

/// `text` with the letters A to Z made small, whatever the locale.
std::string lower_case(std::string_view text);

}  // namespace pare::nn
