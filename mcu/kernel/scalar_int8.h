#pragma once

#include "dsp.h"
#include "little_endian.h"
#include "optimize.h"

namespace pare {

/// An int8 dense layer as one run of bytes, which a single small function reads from the first to
/// the last and multiplies one by one: what takes the least code. Numbers are little-endian and not
/// aligned:
///
///   inputs, outputs  two bytes each
///   zero point       one byte, of the outputs
///   of each row      its right shift, from 1 to 31, in one byte; its bias in three; its weights;
///                    its multiplier, Q31, in four
///
/// No sum of a row may reach 2^23. A ReLU's zero is the least int8. kSingleRounding as of a
/// Requantization.
template <bool kSingleRounding>
struct ScalarInt8 {
  const int8_t* bytes;
};

/// Reads widened inputs, writes outputs: int16_t, widened too, or int8_t, the model's own. One
/// function for both.
template <bool kSingleRounding>
PARE_NO_INLINE void scalar_dense(const int8_t* bytes, const int16_t* inputs, void* outputs,
                                 bool widened) {
  const int16_t* const end = inputs + read_little_endian_16(bytes);
  uint32_t rows = read_little_endian_16(bytes + 2);
  const int32_t zero_point = bytes[4];
  bytes += 5;
  do {
    const int32_t bias_and_shift = int32_t(read_little_endian(bytes));
    bytes += 4;
    int32_t sum = bias_and_shift >> 8;
    const int16_t* input = inputs;
    do {
      sum += *bytes++ * *input++;
      // The compiler would compute after the loop where it ended, in more code than it saves.
      asm volatile("" : "+r"(bytes));
    } while (input != end);
    const int32_t multiplier = int32_t(read_little_endian(bytes));
    bytes += 4;
    int32_t high;
    if (kSingleRounding) {
      high = high_multiply_add(sum * 2, multiplier, 0);
    } else {
      high = high_multiply_round(sum * 2, multiplier);
      high += high >> 31;
    }
    const int32_t y = saturate_int8(shift_round_add(high, bias_and_shift, zero_point));
    if (widened) {
      int16_t* const output = static_cast<int16_t*>(outputs);
      *output = int16_t(y - zero_point);
      outputs = output + 1;
    } else {
      int8_t* const output = static_cast<int8_t*>(outputs);
      *output = int8_t(y);
      outputs = output + 1;
    }
  } while (--rows != 0);
}

template <bool kSingleRounding, class Output>
inline void dense(ScalarInt8<kSingleRounding> layer, const int16_t* inputs, Output* outputs) {
  scalar_dense<kSingleRounding>(layer.bytes, inputs, outputs, sizeof(Output) == sizeof(int16_t));
}

}  // namespace pare
