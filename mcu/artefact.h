#pragma once

#include <cstdint>
#include <string>

#include "mcu/c_source.h"
#include "mcu/encode.h"

namespace pare::mcu {

/// A variant as it is deployed: made once, and carried by all that builds, measures, validates,
/// flashes, profiles or exports it.
struct Artefact {
  std::string name;      ///< what the board calls itself
  nn::Model model;       ///< whose reference arithmetic says what the outputs should be
  EncodedModel encoded;  ///< the bytes of `model`, as one choice of encodings stores them
  std::uint32_t hash;  ///< of `encoded`: its identity, which the board computes over its own flash
  ModelSource source;  ///< with the parameters in flash
};

/// `encoded` is of `model`.
Artefact make_artefact(std::string name, nn::Model model, EncodedModel encoded);

/// A hash as results.json and people write it: eight hexadecimal digits.
std::string hash_text(std::uint32_t hash);

}  // namespace pare::mcu
