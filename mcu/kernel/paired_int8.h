#pragma once

#include "dsp.h"
#include "optimize.h"

namespace pare {

/// An int8 dense layer whose weights lie two rows in a half of a word: 256 * a + b, with which the
/// Cortex-M4 multiplies four weights in four instructions. Four rows together, then two, then one:
///
///   biases       scaled by 256, with a fraction. Of each pair: that of a plus that of b / 256
///                rounded down, then that of b
///   weights      for every two inputs one word of each pair, one half for each input; for an odd
///                last input one half of each pair. Of a single row four inputs a word, as the
///                bytes 0, 2, 1, 3
///   multipliers  one word a row
///   shifts       one byte a row, in one word; only where the rows have shifts of their own
///
/// No sum of a row may reach 2^23: scaled by 256 it has to fit a word.
struct PairedInt8Any {
  const int32_t* words;
  int32_t inputs;
  int32_t outputs;
  /// Above 0: widened outputs are 0 to 255, after ReLU, and one rounding does what two would do.
  /// Else kRoundedTwice or kRoundedOnce: each row has its own right shift, from 1 or from 8.
  int32_t shift;
  int32_t zero_point;  ///< of the outputs, which are clamped to int8
};

/// The same with a shape that the compiler knows.
template <int kInputs, int kOutputs, int kShift, int kZeroPoint>
struct PairedInt8 {
  const int32_t* words;
};

/// Sums are scaled by it; it and the upper half of a product with a multiplier leave them 2^7 times
/// as large as the multiplier alone would have them.
constexpr int32_t kSumScale = 256;
constexpr int32_t kScaleBits = 7;

constexpr int32_t kRoundedTwice = 0;
constexpr int32_t kRoundedOnce = -1;

/// How many groups of four inputs the Cortex-M4's inner loop does a turn: small layers take small
/// code. Elsewhere 4 means a large layer.
constexpr int32_t unrolled(int32_t inputs, int32_t outputs) {
  return inputs * outputs < 512 ? 1 : inputs * outputs < 2048 ? 2 : 4;
}

/// What is added before the uniform shift: half of it, and the half of the first of TFLite's two
/// roundings, which lies 7 bits below the sums that are scaled by 256.
constexpr int32_t uniform_rounding(int32_t shift) { return (int32_t(1) << (shift - 1)) + 64; }

/// The widened output of a scaled sum where all rows share a shift.
inline int32_t uniform_output(int32_t scaled_sum, int32_t multiplier, int32_t shift) {
  const int32_t y = high_multiply_add(scaled_sum, multiplier, uniform_rounding(shift)) >> shift;
  return y < 0 ? 0 : y > 255 ? 255 : y;
}

/// The output, an int8, of a scaled sum without a fraction, by its row's shift: TFLite's roundings
/// as they are.
inline int32_t rounded_output(int32_t scaled_sum, int32_t multiplier, int32_t shift,
                              int32_t zero_point, int32_t rounded) {
  if (rounded == kRoundedOnce) {
    const int32_t high = high_multiply_add(scaled_sum, multiplier, 0);
    return saturate_int8(shift_round_add(high, shift, zero_point));
  }
  const int32_t high = high_multiply_round(scaled_sum >> 7, multiplier);
  return saturate_int8(shift_round_add(high + (high >> 31), shift, zero_point));
}

/// Writes an int8 output: widened for the next layer, or as the model's own.
inline void put_int8(int32_t y, int32_t zero_point, int16_t* output) {
  *output = int16_t(y - zero_point);
}
inline void put_int8(int32_t y, int32_t /*zero_point*/, int8_t* output) { *output = int8_t(y); }

/// The same for an output that is widened already.
inline void put_widened(int32_t y, int32_t /*zero_point*/, int16_t* output) {
  *output = int16_t(y);
}
inline void put_widened(int32_t y, int32_t zero_point, int8_t* output) {
  *output = int8_t(y + zero_point);
}

PARE_OPTIMIZE_SPEED

/// The scaled sums of two rows; the first may wrap on the way.
struct PairSums {
  uint32_t both;    ///< 256 * sum a + sum b
  uint32_t second;  ///< 256 * sum b
};

inline void add_half(PairSums& sums, uint32_t half, int32_t input) {
  sums.both += uint32_t(int32_t(int16_t(half & 0xffffu)) * input);
  sums.second += uint32_t(int32_t(int8_t(half & 0xffu)) * 256 * input);
}

/// The scaled sums of `pairs` pairs of rows; gives where their multipliers begin.
inline const int32_t* sum_pairs(const int32_t* words, const int16_t* inputs, int32_t count,
                                int32_t pairs, int32_t* scaled_sums) {
  PairSums sums[2];
  for (int32_t p = 0; p < pairs; ++p, words += 2) {
    sums[p] = {uint32_t(words[0]), uint32_t(words[1])};
  }
  for (; count >= 2; count -= 2, inputs += 2) {
    for (int32_t p = 0; p < pairs; ++p) {
      const uint32_t word = uint32_t(*words++);
      add_half(sums[p], word, inputs[0]);
      add_half(sums[p], word >> 16, inputs[1]);
    }
  }
  if (count != 0) {
    for (int32_t p = 0; p < pairs; ++p) add_half(sums[p], uint32_t(*words) >> (16 * p), *inputs);
    ++words;
  }
  for (int32_t p = 0; p < pairs; ++p) {
    const int32_t second = int32_t(sums[p].second);
    *scaled_sums++ = int32_t(sums[p].both - uint32_t(second >> 8));
    *scaled_sums++ = second;
  }
  return words;
}

/// Twos of inputs that a loop over a row does a turn, in a small layer.
constexpr int kFewTwos = 2;

#if PARE_CORTEX_M0

PARE_OPTIMIZE_END
}  // namespace pare
#include "paired_int8_m0.h"
namespace pare {
PARE_OPTIMIZE_SPEED

#elif PARE_RV32

PARE_OPTIMIZE_END
}  // namespace pare
#include "paired_int8_rv32.h"
namespace pare {
PARE_OPTIMIZE_SPEED

#else

/// The scaled sums of four rows: two pairs. kTwos is for other cores.
template <int kTwos>
PARE_SHARED const int32_t* sum_four(const int32_t* words, const int16_t* inputs, int32_t count,
                                    int32_t* scaled_sums) {
  return sum_pairs(words, inputs, count, 2, scaled_sums);
}

#endif

/// The scaled sums of two rows: a pair.
PARE_SHARED const int32_t* sum_two(const int32_t* words, const int16_t* inputs, int32_t count,
                                   int32_t* scaled_sums) {
  return sum_pairs(words, inputs, count, 1, scaled_sums);
}

/// The scaled sum of a single row; gives where its multiplier lies.
PARE_SHARED const int32_t* sum_single(const int32_t* words, const int16_t* inputs, int32_t count,
                                      int32_t* scaled_sum) {
  const int32_t bias = *words++;
  int32_t sum = 0;
  for (; count > 0; count -= 4, inputs += 4, ++words) {
    const uint32_t word = uint32_t(*words);
    for (int32_t i = 0; i < 4 && i < count; ++i) {
      const int32_t byte = i == 1 ? 2 : i == 2 ? 1 : i;
      sum += int8_t((word >> (8 * byte)) & 0xffu) * inputs[i];
    }
  }
  *scaled_sum = int32_t(uint32_t(sum) * 256u + uint32_t(bias));
  return words;
}

/// Writes the outputs of up to four scaled sums; gives where the next rows begin.
template <class Output>
inline const int32_t* put_sums(const PairedInt8Any& layer, const int32_t* multipliers,
                               const int32_t* sums, int32_t count, Output* outputs) {
  for (int32_t i = 0; i < count; ++i) {
    if (layer.shift > 0) {
      put_widened(uniform_output(sums[i], multipliers[i], layer.shift), layer.zero_point,
                  outputs + i);
    } else {
      const int32_t shift = int32_t(uint32_t(multipliers[count]) >> (8 * i) & 0xffu);
      put_int8(rounded_output(sums[i], multipliers[i], shift, layer.zero_point, layer.shift),
               layer.zero_point, outputs + i);
    }
  }
  return multipliers + count + (layer.shift > 0 ? 0 : 1);
}

/// Reads `inputs` widened values, writes `outputs`: int16_t are widened too, int8_t the model's
/// own. They must not overlap.
template <class Output>
inline void dense(const PairedInt8Any& layer, const int16_t* inputs, Output* outputs) {
  const int32_t* words = layer.words;
  for (int32_t row = 0, rows = 0; row < layer.outputs; row += rows) {
    const int32_t left = layer.outputs - row;
    rows = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    int32_t sums[4];
    words = rows == 4   ? sum_four<kFewTwos>(words, inputs, layer.inputs, sums)
            : rows == 2 ? sum_two(words, inputs, layer.inputs, sums)
                        : sum_single(words, inputs, layer.inputs, sums);
    words = put_sums(layer, words, sums, rows, outputs + row);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare

#if PARE_CORTEX_M4
#include "paired_int8_m4.h"
#else
namespace pare {

PARE_OPTIMIZE_SPEED

#define PARE_INLINE inline __attribute__((always_inline))

template <int kShift, int kZeroPoint, class Output>
PARE_INLINE void put_row(int32_t sum, int32_t multiplier, uint32_t shifts, int32_t row,
                         Output* output) {
  if (kShift > 0) {
    put_widened(uniform_output(sum, multiplier, kShift), kZeroPoint, output);
  } else {
    const int32_t shift = int32_t(shifts >> (8 * row) & 0xffu);
    put_int8(rounded_output(sum, multiplier, shift, kZeroPoint, kShift), kZeroPoint, output);
  }
}

/// Writes the outputs of kCount scaled sums, of a large layer without a loop; gives where the next
/// rows begin.
template <int kCount, bool kLarge, int kShift, int kZeroPoint, class Output>
PARE_INLINE const int32_t* put_rows(const int32_t* multipliers, const int32_t* sums,
                                    Output* outputs) {
  const uint32_t shifts = kShift > 0 ? 0 : uint32_t(multipliers[kCount]);
  if (kLarge && kCount == 4) {
    put_row<kShift, kZeroPoint>(sums[0], multipliers[0], shifts, 0, outputs);
    put_row<kShift, kZeroPoint>(sums[1], multipliers[1], shifts, 1, outputs + 1);
    put_row<kShift, kZeroPoint>(sums[2], multipliers[2], shifts, 2, outputs + 2);
    put_row<kShift, kZeroPoint>(sums[3], multipliers[3], shifts, 3, outputs + 3);
  } else {
    for (int32_t i = 0; i < kCount; ++i)
      put_row<kShift, kZeroPoint>(sums[i], multipliers[i], shifts, i, outputs + i);
  }
  return multipliers + kCount + (kShift > 0 ? 0 : 1);
}

/// One function for each shape; what sums the rows is shared.
template <int kInputs, int kOutputs, int kShift, int kZeroPoint, class Output>
PARE_NO_INLINE void dense(PairedInt8<kInputs, kOutputs, kShift, kZeroPoint> layer,
                          const int16_t* inputs, Output* outputs) {
  constexpr bool kLarge = unrolled(kInputs, kOutputs) == 4;
  const int32_t* words = layer.words;
  int32_t sums[4];
  for (Output* const end = outputs + kOutputs / 4 * 4; outputs != end; outputs += 4) {
    words = sum_four < kLarge ? 4 * kFewTwos : kFewTwos > (words, inputs, kInputs, sums);
    words = put_rows<4, kLarge, kShift, kZeroPoint>(words, sums, outputs);
  }
  if (kOutputs & 2) {
    words = sum_two(words, inputs, kInputs, sums);
    words = put_rows<2, kLarge, kShift, kZeroPoint>(words, sums, outputs);
    outputs += 2;
  }
  if (kOutputs & 1) {
    words = sum_single(words, inputs, kInputs, sums);
    put_rows<1, kLarge, kShift, kZeroPoint>(words, sums, outputs);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare

#undef PARE_INLINE
#endif
