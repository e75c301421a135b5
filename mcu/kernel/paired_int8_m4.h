#pragma once

/// paired_int8.h on the Cortex-M4; it includes this file.
#include "paired_int8.h"

#define PARE_INLINE inline __attribute__((always_inline))

namespace pare {

PARE_OPTIMIZE_SPEED

/// Two neighbouring inputs, or outputs, as one word.
PARE_INLINE int32_t load_two(const int16_t* inputs) {
  int32_t word;
  __builtin_memcpy(&word, inputs, 4);
  return word;
}
PARE_INLINE void store_two(int32_t first, int32_t second, int16_t* outputs) {
  const int32_t word = pack_halves(first, second);
  __builtin_memcpy(outputs, &word, 4);
}

/// Sums may wrap on their way to one that fits.
PARE_INLINE int32_t wrapping_add(int32_t x, int32_t y) {
  return int32_t(uint32_t(x) + uint32_t(y));
}

/// The scaled sum of a pair's first row from both rows' and the second's.
PARE_INLINE int32_t first_of(int32_t both, int32_t second) {
  return int32_t(uint32_t(both) - uint32_t(second >> 8));
}

/// Four rows from words (r0) and inputs (r1): sums in r3 to r6, multipliers in r8 to r11; r7 masks
/// the second rows' weights, scaled by 256. Each turn loads four words of weights and two of
/// inputs, side by side, for 16 products.
#define PARE_FOUR_INPUTS         \
  "ldmia r0!, {r8-r11}\n\t"      \
  "ldrd r12, r14, [r1], #8\n\t"  \
  "smlad r3, r8, r12, r3\n\t"    \
  "and r8, r7, r8, lsl #8\n\t"   \
  "smlad r5, r9, r12, r5\n\t"    \
  "and r9, r7, r9, lsl #8\n\t"   \
  "smlad r4, r8, r12, r4\n\t"    \
  "smlad r6, r9, r12, r6\n\t"    \
  "smlad r3, r10, r14, r3\n\t"   \
  "and r10, r7, r10, lsl #8\n\t" \
  "smlad r5, r11, r14, r5\n\t"   \
  "and r11, r7, r11, lsl #8\n\t" \
  "smlad r4, r10, r14, r4\n\t"   \
  "smlad r6, r11, r14, r6\n\t"

struct FourRows {
  int32_t sums[4];  ///< scaled
  int32_t multipliers[4];
};

template <int kInputs, int kUnrolled>
PARE_INLINE const int32_t* sum_four(const int32_t* words, const int16_t* inputs, FourRows& rows) {
  register const int32_t* w asm("r0") = words;
  register const int16_t* x asm("r1") = inputs;
  register int32_t both0 asm("r3");
  register int32_t second0 asm("r4");
  register int32_t both1 asm("r5");
  register int32_t second1 asm("r6");
  register int32_t m0 asm("r8");
  register int32_t m1 asm("r9");
  register int32_t m2 asm("r10");
  register int32_t m3 asm("r11");
  asm volatile(
      "ldmia r0!, {r3-r6}\n\t"
      "mov r7, #0xff00ff00\n\t"
      ".if %c[turns] > %c[unrolled]\n\t"
      ".if %c[turns] * 8 < 4096\n\t"
      "addw r2, r1, #(%c[turns] * 8)\n\t"
      ".else\n\t"
      "movw r2, #((%c[turns] * 8) & 0xffff)\n\t"
      "movt r2, #((%c[turns] * 8) >> 16)\n\t"
      "add r2, r1\n\t"
      ".endif\n\t"
      ".if %c[turns] %% %c[unrolled]\n\t"
      "b 3f\n\t"
      ".endif\n"
      "2:\n\t"
      ".rept %c[unrolled] - %c[turns] %% %c[unrolled]\n\t" PARE_FOUR_INPUTS
      ".endr\n"
      "3:\n\t"
      ".rept %c[turns] %% %c[unrolled]\n\t" PARE_FOUR_INPUTS
      ".endr\n\t"
      "cmp r1, r2\n\t"
      "bne 2b\n\t"
      ".else\n\t"
      ".rept %c[turns]\n\t" PARE_FOUR_INPUTS
      ".endr\n\t"
      ".endif\n\t"
      ".if %c[inputs] & 2\n\t"
      "ldmia r0!, {r8-r9}\n\t"
      "ldr r12, [r1], #4\n\t"
      "smlad r3, r8, r12, r3\n\t"
      "and r8, r7, r8, lsl #8\n\t"
      "smlad r5, r9, r12, r5\n\t"
      "and r9, r7, r9, lsl #8\n\t"
      "smlad r4, r8, r12, r4\n\t"
      "smlad r6, r9, r12, r6\n\t"
      ".endif\n\t"
      ".if %c[inputs] & 1\n\t"
      "ldr r8, [r0], #4\n\t"
      "ldrh r12, [r1]\n\t"
      "smlabb r3, r8, r12, r3\n\t"
      "smlatb r5, r8, r12, r5\n\t"
      "and r8, r7, r8, lsl #8\n\t"
      "smlabb r4, r8, r12, r4\n\t"
      "smlatb r6, r8, r12, r6\n\t"
      ".endif\n\t"
      "ldmia r0!, {r8-r11}"
      : "+r"(w), "+r"(x), "=r"(both0), "=r"(second0), "=r"(both1), "=r"(second1), "=r"(m0),
        "=r"(m1), "=r"(m2), "=r"(m3)
      : [turns] "i"(kInputs / 4), [inputs] "i"(kInputs), [unrolled] "i"(kUnrolled)
      : "r2", "r7", "r12", "lr", "cc", "memory");
  rows = {{first_of(both0, second0), second0, first_of(both1, second1), second1}, {m0, m1, m2, m3}};
  return w;
}

/// Two rows: their scaled sums.
template <int kInputs>
PARE_INLINE const int32_t* sum_two(const int32_t* words, const int16_t* inputs,
                                   int32_t (&sums)[2]) {
  int32_t both = *words++;
  int32_t second = *words++;
  const uint32_t mask = 0xff00ff00u;
  for (const int16_t* const end = inputs + kInputs / 2 * 2; inputs != end; inputs += 2) {
    const int32_t weights = *words++;
    const int32_t x = load_two(inputs);
    both = smlad(weights, x, both);
    second = smlad(int32_t(uint32_t(weights) << 8 & mask), x, second);
  }
  if (kInputs % 2 != 0) {
    both = wrapping_add(both, int16_t(*words) * *inputs);
    second += int8_t(*words++) * 256 * *inputs;
  }
  sums[0] = first_of(both, second);
  sums[1] = second;
  return words;
}

/// One row: its scaled sum.
template <int kInputs>
PARE_INLINE const int32_t* sum_one(const int32_t* words, const int16_t* inputs, int32_t& scaled) {
  const int32_t bias = *words++;
  int32_t sum = 0;
  PARE_NO_UNROLL
  for (const int16_t* const end = inputs + kInputs / 4 * 4; inputs != end; inputs += 4) {
    const int32_t weights = *words++;
    sum = smlad(sxtb16(weights), load_two(inputs), sum);
    sum = smlad(sxtb16_odd(weights), load_two(inputs + 2), sum);
  }
  if (kInputs % 4 >= 2) sum = smlad(sxtb16(*words), load_two(inputs), sum);
  if (kInputs % 4 == 1) sum += int8_t(*words) * inputs[0];
  if (kInputs % 4 == 3) sum += int8_t(*words >> 8) * inputs[2];
  scaled = wrapping_add(int32_t(uint32_t(sum) << 8), bias);
  return kInputs % 4 == 0 ? words : words + 1;
}

/// How scaled sums become outputs, kShift as in PairedInt8Any. Of a shift in a register the
/// processor reads the lowest byte alone.
template <int kShift, int kZeroPoint, bool kUniform = (kShift > 0)>
struct PairedOutputs {
  static PARE_INLINE int32_t output(int32_t sum, int32_t multiplier, int32_t /*shift*/) {
    return shift_to_byte<kShift>(high_multiply_add(sum, multiplier, uniform_rounding(kShift)));
  }
  static PARE_INLINE int32_t shifts(const int32_t*& /*words*/) { return 0; }
  template <class Output>
  static PARE_INLINE void put(int32_t y, Output* output) {
    put_widened(y, kZeroPoint, output);
  }
  static PARE_INLINE void put_two(int32_t y0, int32_t y1, int16_t* outputs) {
    store_two(y0, y1, outputs);
  }
  static PARE_INLINE void put_two(int32_t y0, int32_t y1, int8_t* outputs) {
    put(y0, outputs);
    put(y1, outputs + 1);
  }
};

template <int kShift, int kZeroPoint>
struct PairedOutputs<kShift, kZeroPoint, false> {
  static PARE_INLINE int32_t output(int32_t sum, int32_t multiplier, int32_t shift) {
    return rounded_output(sum, multiplier, shift, kZeroPoint, kShift);
  }
  static PARE_INLINE int32_t shifts(const int32_t*& words) { return *words++; }
  template <class Output>
  static PARE_INLINE void put(int32_t y, Output* output) {
    put_int8(y, kZeroPoint, output);
  }
  template <class Output>
  static PARE_INLINE void put_two(int32_t y0, int32_t y1, Output* outputs) {
    put(y0, outputs);
    put(y1, outputs + 1);
  }
};

/// One function for each shape, of its own size: the assembly may be longer than the compiler
/// thinks.
template <int kInputs, int kOutputs, int kShift, int kZeroPoint, class Output>
PARE_NO_INLINE void dense(PairedInt8<kInputs, kOutputs, kShift, kZeroPoint> layer,
                          const int16_t* inputs, Output* outputs) {
  using Outputs = PairedOutputs<kShift, kZeroPoint>;
  const int32_t* words = layer.words;
  for (const Output* const end = outputs + kOutputs / 4 * 4; outputs != end; outputs += 4) {
    FourRows rows;
    words = sum_four<kInputs, unrolled(kInputs, kOutputs)>(words, inputs, rows);
    const int32_t s = Outputs::shifts(words);
    const int32_t y0 = Outputs::output(rows.sums[0], rows.multipliers[0], s);
    const int32_t y1 = Outputs::output(rows.sums[1], rows.multipliers[1], s >> 8);
    Outputs::put_two(y0, y1, outputs);
    const int32_t y2 = Outputs::output(rows.sums[2], rows.multipliers[2], s >> 16);
    const int32_t y3 = Outputs::output(rows.sums[3], rows.multipliers[3], s >> 24);
    Outputs::put_two(y2, y3, outputs + 2);
  }
  if (kOutputs & 2) {
    int32_t sums[2];
    words = sum_two<kInputs>(words, inputs, sums);
    const int32_t m0 = *words++;
    const int32_t m1 = *words++;
    const int32_t s = Outputs::shifts(words);
    const int32_t y0 = Outputs::output(sums[0], m0, s);
    Outputs::put_two(y0, Outputs::output(sums[1], m1, s >> 8), outputs);
    outputs += 2;
  }
  if (kOutputs & 1) {
    int32_t sum;
    words = sum_one<kInputs>(words, inputs, sum);
    const int32_t m = *words++;
    Outputs::put(Outputs::output(sum, m, Outputs::shifts(words)), outputs);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare

#undef PARE_FOUR_INPUTS
#undef PARE_INLINE
