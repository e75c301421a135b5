#pragma once

#include <algorithm>
#include <vector>

#include "mcu/encode.h"

namespace pare::tests {

/// `model` with every layer dense: paired where that can be.
inline mcu::EncodedModel encode_dense(const nn::Model& model) {
  std::vector<mcu::Encoding> dense;
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name.starts_with("dense") || encoding.name == "paired int8") {
      dense.push_back(encoding);
    }
  }
  return mcu::encode(model, {mcu::Optimize::size}, dense);
}

}  // namespace pare::tests
