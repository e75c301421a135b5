#pragma once

#include <tuple>

#include "mcu/encodings/encoding.h"
#include "mcu/kernel/requantize.h"

namespace pare::mcu {

/// What the encodings of an int8 layer share: its rows' biases, and how its sums become outputs.
struct Int8Rows {
  nn::Int32Vector bias;  ///< [outputs], for inputs whose zero point is subtracted
  std::vector<std::int32_t> multipliers;
  std::vector<std::int8_t> shifts;
  std::int16_t low;
  std::int16_t high;
  std::int16_t zero_point;
  bool single_rounding;
};

Int8Rows int8_rows(const nn::Int8Layer& layer);

/// The arrays "bias", "multipliers" and "shifts", for the kernel's bias and Requantization.
std::vector<LayerArray> arrays(const Int8Rows& rows);

/// The members of a Requantization after its two arrays, in their order.
inline auto constants(const Int8Rows& rows) {
  return std::tuple(rows.low, rows.high, rows.zero_point, rows.single_rounding);
}

/// Runs a kernel's layer object on the host: outputs of the last layer are int8, others widened.
template <class Layer>
void run_int8(const Layer& layer, bool last, const void* inputs, void* outputs) {
  const auto* widened = static_cast<const std::int16_t*>(inputs);
  if (last) {
    dense(layer, widened, static_cast<std::int8_t*>(outputs));
  } else {
    dense(layer, widened, static_cast<std::int16_t*>(outputs));
  }
}

}  // namespace pare::mcu
