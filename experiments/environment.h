#pragma once

#include <nlohmann/json.hpp>

namespace pare::experiments {

/// The machine, the compilers with their flags, and the commit that results come from; what cannot
/// be found out is null.
nlohmann::json describe_environment();

}  // namespace pare::experiments
