#pragma once

#include <cstdint>
#include <vector>

#include "nn/model.h"

namespace pare::mcu {

/// Weights as the sparse entropy-coded kernel reads them: for each that is not 0, how far it lies
/// behind the one before, and its value, each in a prefix code of the layer's own.
struct EntropyWeights {
  std::vector<std::int8_t> stream;       ///< codewords, gap and value in turn; the last a gap
  std::vector<std::int32_t> gap_code;    ///< PrefixCode::table; its symbol is the gap - 1
  std::vector<std::int32_t> value_code;  ///< its symbol is an index into `values`
  std::vector<std::int8_t> values;       ///< the most frequent first
};

/// Encodes `weights` [outputs, inputs], row after row: a gap that leads past the end of a row is
/// counted on from the next one's beginning, so that rows need no marks. A gap longer than the code
/// has is made of several, with values 0 between them; how many it has is what costs the fewest
/// bytes.
EntropyWeights entropy_encode(const nn::Int8Matrix& weights);

}  // namespace pare::mcu
