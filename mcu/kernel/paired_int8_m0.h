#pragma once

/// The four rows of paired_int8.h on the Cortex-M0+, which includes this file where it is needed.
#include <stdint.h>

#include "optimize.h"

namespace pare {

PARE_OPTIMIZE_SPEED

/// One half of a word, already in r6 with its sign: its product with the input in `x` to the sums
/// of both rows in `both`, that of its lower byte to the second row's. Six cycles for two weights.
#define PARE_HALF(x, both, second) \
  "sxtb r7, r6\n\t"                \
  "muls r6, r6, " x                \
  "\n\t"                           \
  "muls r7, r7, " x                \
  "\n\t"                           \
  "add " both                      \
  ", r6\n\t"                       \
  "add " second ", r7\n\t"

/// Two inputs of four rows: 31 cycles for eight weights.
#define PARE_TWO_INPUTS                                                                            \
  "ldmia r0!, {r2, r3}\n\t"                                                                        \
  "ldmia r1!, {r4}\n\t"                                                                            \
  "sxth r5, r4\n\t"                                                                                \
  "asrs r4, r4, #16\n\t"                                                                           \
  "sxth r6, r2\n\t" PARE_HALF("r5", "r8", "r9") "asrs r6, r2, #16\n\t" PARE_HALF(                  \
      "r4", "r8", "r9") "sxth r6, r3\n\t" PARE_HALF("r5", "r10",                                   \
                                                    "r11") "asrs r6, r3, #16\n\t" PARE_HALF("r4",  \
                                                                                            "r10", \
                                                                                            "r11")

/// The scaled sums of four rows; gives where their multipliers begin. kTwos is for other cores.
template <int kTwos>
PARE_SHARED const int32_t* sum_four(const int32_t* words, const int16_t* inputs, int32_t count,
                                    int32_t* scaled_sums) {
  uint32_t both[2] = {uint32_t(words[0]), uint32_t(words[2])};
  uint32_t second[2] = {uint32_t(words[1]), uint32_t(words[3])};
  words += 4;
  if (count >= 2) {
    register const int32_t* w asm("r0") = words;
    register const int16_t* x asm("r1") = inputs;
    register int32_t both0 asm("r2") = count & 2;  // of the first turn, half
    register int32_t second0 asm("r3");
    register int32_t both1 asm("r4");
    register int32_t second1 asm("r5");
    register const int16_t* end asm("r12") = inputs + (count & ~1);
    asm volatile(
        ".syntax unified\n\t"
        "movs r3, #0\n\t"
        "mov r8, r3\n\t"
        "mov r9, r3\n\t"
        "mov r10, r3\n\t"
        "mov r11, r3\n\t"
        "cmp r2, #0\n\t"
        "bne 2f\n"
        "1:\n\t" PARE_TWO_INPUTS "2:\n\t" PARE_TWO_INPUTS
        "cmp r1, r12\n\t"
        "bne 1b\n\t"
        "mov r2, r8\n\t"
        "mov r3, r9\n\t"
        "mov r4, r10\n\t"
        "mov r5, r11"
        : "+l"(w), "+l"(x), "+l"(both0), "=&l"(second0), "=&l"(both1), "=&l"(second1)
        : "h"(end)
        : "r6", "r7", "r8", "r9", "r10", "r11", "cc", "memory");
    words = w;
    inputs = x;
    both[0] += uint32_t(both0);
    both[1] += uint32_t(both1);
    second[0] += uint32_t(second0) << 8;
    second[1] += uint32_t(second1) << 8;
  }
  if ((count & 1) != 0) {
    for (int32_t p = 0; p < 2; ++p) {
      const int32_t half = int16_t(uint32_t(*words) >> (16 * p) & 0xffffu);
      both[p] += uint32_t(half * *inputs);
      second[p] += uint32_t(int8_t(half & 0xff) * *inputs) << 8;
    }
    ++words;
  }
  for (int32_t p = 0; p < 2; ++p) {
    *scaled_sums++ = int32_t(both[p] - uint32_t(int32_t(second[p]) >> 8));
    *scaled_sums++ = int32_t(second[p]);
  }
  return words;
}

#undef PARE_HALF
#undef PARE_TWO_INPUTS

PARE_OPTIMIZE_END

}  // namespace pare
