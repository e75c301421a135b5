#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "mcu/encodings/encoding.h"
#include "mcu/kernel/compact_rows.h"

namespace pare::mcu {

/// What the rows of an int8 layer need beside their weights, in as few bytes as give the same
/// outputs: a bias takes 2 to 4 bytes, a multiplier and its shift 4, or 5 where the rows' shifts
/// span more than 4, and all rows together no more if they are alike.
struct CompactRowsCode {
  std::vector<LayerArray> arrays;  ///< "biases" and "factors"
  /// The members of the kernel's CompactRows after its arrays, in their order.
  std::tuple<std::uint8_t, std::uint8_t, std::int8_t, bool, std::int16_t, std::int16_t,
             std::int16_t>
      constants;
};

CompactRowsCode compact_rows(const nn::Int8Layer& layer);

/// The functions of a kernel with CompactRows: the rows', the kernel's own, and one for each type
/// of outputs.
std::vector<std::string> compact_rows_functions(const std::string& kernel, bool last);

}  // namespace pare::mcu
