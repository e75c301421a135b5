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
PARE_INLINE int16_t* store_two(int32_t first, int32_t second, int16_t* outputs) {
  const int32_t word = pack_halves(first, second);
  __builtin_memcpy(outputs, &word, 4);
  return outputs + 2;
}
PARE_INLINE int8_t* store_two(int32_t first, int32_t second, int8_t* outputs) {
  outputs[0] = int8_t(first);
  outputs[1] = int8_t(second);
  return outputs + 2;
}

/// Four outputs. The compiler alone would not let the address go on with a store.
PARE_INLINE int16_t* store_four(int32_t y0, int32_t y1, int32_t y2, int32_t y3, int16_t* outputs) {
  asm volatile("strd %1, %2, [%0], #8"
               : "+r"(outputs)
               : "r"(pack_halves(y0, y1)), "r"(pack_halves(y2, y3))
               : "memory");
  return outputs;
}
PARE_INLINE int8_t* store_four(int32_t y0, int32_t y1, int32_t y2, int32_t y3, int8_t* outputs) {
  asm volatile(
      "strb %1, [%0], #1\n\t"
      "strb %2, [%0], #1\n\t"
      "strb %3, [%0], #1\n\t"
      "strb %4, [%0], #1"
      : "+r"(outputs)
      : "r"(y0), "r"(y1), "r"(y2), "r"(y3)
      : "memory");
  return outputs;
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

/// What is written for a scaled sum, kShift as in PairedInt8Any: int16_t are widened. Of a shift in
/// a register the processor reads the lowest byte alone.
template <int kShift, int kZeroPoint, class Output>
PARE_INLINE int32_t paired_output(int32_t sum, int32_t multiplier, int32_t shift) {
  const int32_t zero_point = sizeof(Output) == sizeof(int16_t) ? 0 : kZeroPoint;
  if (kShift <= 0) {
    return rounded_output(sum, multiplier, shift, kZeroPoint, kShift) - kZeroPoint + zero_point;
  }
  constexpr int kUniform = kShift > 0 ? kShift : 1;
  return shift_to_byte<kUniform>(high_multiply_add(sum, multiplier, uniform_rounding(kUniform))) +
         zero_point;
}

/// The rows that lie in fours; gives the words of those that are left. The loop over the inputs
/// needs all registers: the outputs' addresses are kept on the stack meanwhile.
template <int kInputs, int kOutputs, int kShift, int kZeroPoint, class Output>
PARE_INLINE const int32_t* put_fours(const int32_t* words, const int16_t* inputs, Output* outputs) {
  constexpr auto output = paired_output<kShift, kZeroPoint, Output>;
  register const int32_t* w asm("r0") = words;
  register const int16_t* x asm("r1") = inputs;
  register Output* y asm("r2") = outputs;
  register Output* end asm("r14") = outputs + kOutputs / 4 * 4;
  register uint32_t mask asm("r7") = 0xff00ff00u;
  do {
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
        ".if %c[turns]\n\t"
        "push {r2, r14}\n\t"
        ".if %c[turns] > %c[unrolled]\n\t"
        "addw r2, r1, #((%c[turns] * 8) & 0xfff)\n\t"
        ".if %c[turns] * 8 > 0xfff\n\t"
        "add r2, r2, #((%c[turns] * 8) & 0xff000)\n\t"
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
        ".endif\n\t"
        ".if %c[inputs] & 2\n\t"
        "ldmia r0!, {r8-r9}\n\t"
        "ldr r12, [r1]\n\t"
        "smlad r3, r8, r12, r3\n\t"
        "and r8, r7, r8, lsl #8\n\t"
        "smlad r5, r9, r12, r5\n\t"
        "and r9, r7, r9, lsl #8\n\t"
        "smlad r4, r8, r12, r4\n\t"
        "smlad r6, r9, r12, r6\n\t"
        ".endif\n\t"
        ".if %c[inputs] & 1\n\t"
        "ldr r8, [r0], #4\n\t"
        "ldrh r12, [r1, #((%c[inputs] & 2) * 2)]\n\t"
        "smlabb r3, r8, r12, r3\n\t"
        "smlatb r5, r8, r12, r5\n\t"
        "and r8, r7, r8, lsl #8\n\t"
        "smlabb r4, r8, r12, r4\n\t"
        "smlatb r6, r8, r12, r6\n\t"
        ".endif\n\t"
        "ldmia r0!, {r8-r11}\n\t"
        ".if %c[turns]\n\t"
        "ldmia sp!, {r2, r14}\n\t"
        "subw r1, r1, #((%c[turns] * 8) & 0xfff)\n\t"
        ".if %c[turns] * 8 > 0xfff\n\t"
        "sub r1, r1, #((%c[turns] * 8) & 0xff000)\n\t"
        ".endif\n\t"
        ".endif"
        : "+r"(w), "+r"(x), "+r"(y), "+r"(end), "=&r"(both0), "=&r"(second0), "=&r"(both1),
          "=&r"(second1), "=&r"(m0), "=&r"(m1), "=&r"(m2), "=&r"(m3)
        : [mask] "r"(mask), [turns] "i"(kInputs / 4), [inputs] "i"(kInputs),
          [unrolled] "i"(unrolled(kInputs, kOutputs))
        : "r12", "cc", "memory");
    const int32_t s = kShift > 0 ? 0 : *w++;
    y = store_four(output(first_of(both0, second0), m0, s), output(second0, m1, s >> 8),
                   output(first_of(both1, second1), m2, s >> 16), output(second1, m3, s >> 24), y);
  } while (y != end);
  return w;
}

/// One function for each shape, of its own size: the assembly may be longer than the compiler
/// thinks.
template <int kInputs, int kOutputs, int kShift, int kZeroPoint, class Output>
PARE_NO_INLINE void dense(PairedInt8<kInputs, kOutputs, kShift, kZeroPoint> layer,
                          const int16_t* inputs, Output* outputs) {
  constexpr auto output = paired_output<kShift, kZeroPoint, Output>;
  const int32_t* words = layer.words;
  if (kOutputs >= 4) {
    words = put_fours<kInputs, kOutputs, kShift, kZeroPoint>(words, inputs, outputs);
    outputs += kOutputs / 4 * 4;
  }
  if (kOutputs & 2) {
    int32_t sums[2];
    words = sum_two<kInputs>(words, inputs, sums);
    const int32_t m0 = *words++;
    const int32_t m1 = *words++;
    const int32_t s = kShift > 0 ? 0 : *words++;
    outputs = store_two(output(sums[0], m0, s), output(sums[1], m1, s >> 8), outputs);
  }
  if (kOutputs & 1) {
    int32_t sum;
    words = sum_one<kInputs>(words, inputs, sum);
    *outputs = Output(output(sum, words[0], kShift > 0 ? 0 : words[1]));
  }
}

PARE_OPTIMIZE_END

}  // namespace pare

#undef PARE_FOUR_INPUTS
#undef PARE_INLINE
