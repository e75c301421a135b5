#pragma once

#include "nn/model.h"

namespace pare::mcu {

/// True if "paired int8" can store a layer: no row shifts left or has a sum that int8 inputs could
/// bring near 2^23, and a ReLU's zero is the least int8. "dense int8" is for the others.
bool can_pair(const nn::Int8Layer& layer);

}  // namespace pare::mcu
