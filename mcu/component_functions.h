#pragma once

#include <string>

#include "mcu/artefact.h"

namespace pare::mcu {

/// C++ of the functions of NAME.h, on top of NAME_infer; `prefix` is that of its macros.
std::string component_functions(const Artefact& artefact, const std::string& name,
                                const std::string& prefix);

}  // namespace pare::mcu
