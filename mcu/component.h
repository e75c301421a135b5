#pragma once

#include <string>
#include <string_view>

#include "mcu/artefact.h"

namespace pare::mcu {

/// A model for a program of anybody's: two files, without anything beside them. NAME.h is for C99
/// and C++; NAME.cpp, for C++14, holds the parameters and the kernels that they need, and shares no
/// symbol with another component but those of NAME.h, which begin with NAME.
struct Component {
  std::string name;    ///< a C identifier
  std::string prefix;  ///< the same in capitals, of its macros
  bool classifies;     ///< it has NAME_classify
  std::string header;
  std::string source;
  std::string functions;  ///< of `source`, what follows the model: on top of NAME_infer
  long static_ram_bytes;  ///< that its functions share: activations, and an int8 model's inputs and
                          ///< outputs
};

/// Throws std::invalid_argument if `name` is no C identifier or that of a header of the C library.
Component make_component(const Artefact& artefact, const std::string& name);

/// A C identifier that is like `name`: "pruned80-int8" becomes "pruned80_int8", "float"
/// "float_model".
std::string identifier(std::string_view name);

}  // namespace pare::mcu
