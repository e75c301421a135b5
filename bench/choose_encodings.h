#pragma once

#include "mcu/encode.h"

namespace pare::bench {

/// Encodes `model` as the goal asks for. Where the table of costs leaves several ways to be the
/// best, they are linked and timed on the emulated board, and the best of them is taken. What it
/// took is made again by mcu::encode_as. Throws std::runtime_error if a tool is missing or the
/// board fails, and std::invalid_argument as mcu::encode does.
mcu::EncodedModel choose_encodings(const nn::Model& model, const mcu::Goal& goal);

}  // namespace pare::bench
