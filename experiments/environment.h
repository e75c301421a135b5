#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace pare::experiments {

/// The machine, the compilers with their flags, and the commit that results come from; what cannot
/// be found out is null.
nlohmann::json describe_environment();

/// What --version prints: the versions of the program and of its kernels, the commit, the compiler.
std::string describe_version();

}  // namespace pare::experiments
