#pragma once

#include "dsp.h"
#include "optimize.h"

namespace pare {

/// A float32 dense layer. Four rows lie together: their biases, then the four weights of each
/// input. The one to three rows that are left: each its bias, then its weights.
struct DenseFloat32Any {
  const float* values;
  int32_t inputs;
  int32_t outputs;
  bool relu;
};

/// The same with a shape that the compiler knows.
template <int kInputs, int kOutputs, bool kRelu>
struct DenseFloat32 {
  const float* values;
};

PARE_OPTIMIZE_SPEED

/// outputs[r] = bias[r] + sum_i weights[r][i] * inputs[i], at least 0 after ReLU.
/// Reads `inputs` values, writes `outputs`; they must not overlap.
inline void dense(const DenseFloat32Any& layer, const float* inputs, float* outputs) {
  const float* values = layer.values;
  for (int32_t row = 0, rows = 0; row < layer.outputs; row += rows) {
    rows = layer.outputs - row >= 4 ? 4 : 1;
    float sums[4];
    for (int32_t r = 0; r < rows; ++r) sums[r] = *values++;
    for (int32_t i = 0; i < layer.inputs; ++i) {
      for (int32_t r = 0; r < rows; ++r) sums[r] += *values++ * inputs[i];
    }
    for (int32_t r = 0; r < rows; ++r) *outputs++ = layer.relu && sums[r] < 0 ? 0 : sums[r];
  }
}

#if PARE_CORTEX_M4 && defined(__ARM_FP)

/// The rows that lie in fours. A multiplication and an addition take two cycles where the fused
/// instruction takes three.
template <int kInputs, int kOutputs, bool kRelu>
PARE_NO_INLINE const float* dense_fours(const float* values, const float* inputs, float* outputs) {
  register const float* w asm("r0") = values;
  register const float* x asm("r1") = inputs;
  register float* y asm("r2") = outputs;
  asm volatile(
      ".macro pare_two_inputs\n\t"
      "vldmia r1!, {s4-s5}\n\t"
      "vldmia r0!, {s6-s13}\n\t"
      "vmul.f32 s6, s6, s4\n\t"
      "vmul.f32 s7, s7, s4\n\t"
      "vmul.f32 s8, s8, s4\n\t"
      "vmul.f32 s9, s9, s4\n\t"
      "vadd.f32 s0, s0, s6\n\t"
      "vadd.f32 s1, s1, s7\n\t"
      "vadd.f32 s2, s2, s8\n\t"
      "vadd.f32 s3, s3, s9\n\t"
      "vmul.f32 s10, s10, s5\n\t"
      "vmul.f32 s11, s11, s5\n\t"
      "vmul.f32 s12, s12, s5\n\t"
      "vmul.f32 s13, s13, s5\n\t"
      "vadd.f32 s0, s0, s10\n\t"
      "vadd.f32 s1, s1, s11\n\t"
      "vadd.f32 s2, s2, s12\n\t"
      "vadd.f32 s3, s3, s13\n\t"
      ".endm\n\t"
      "ldr r5, =%c[output_bytes]\n\t"
      "add r5, r2\n\t"
      "ldr r4, =%c[pair_bytes]\n\t"
      "add r4, r1\n"
      "1:\n\t"
      "vldmia r0!, {s0-s3}\n\t"
      ".if %c[inputs] & 2\n\t"
      "pare_two_inputs\n\t"
      ".endif\n\t"
      ".if %c[inputs] >= 4\n"
      "2:\n\t"
      "pare_two_inputs\n\t"
      "pare_two_inputs\n\t"
      "cmp r1, r4\n\t"
      "bne 2b\n\t"
      ".endif\n\t"
      ".if %c[inputs] & 1\n\t"
      "vldr s4, [r1]\n\t"
      "vldmia r0!, {s6-s9}\n\t"
      "vmul.f32 s6, s6, s4\n\t"
      "vmul.f32 s7, s7, s4\n\t"
      "vmul.f32 s8, s8, s4\n\t"
      "vmul.f32 s9, s9, s4\n\t"
      "vadd.f32 s0, s0, s6\n\t"
      "vadd.f32 s1, s1, s7\n\t"
      "vadd.f32 s2, s2, s8\n\t"
      "vadd.f32 s3, s3, s9\n\t"
      ".endif\n\t"
      "mov r1, %[inputs_begin]\n\t"
      ".if %c[relu]\n\t"
      "vmov r8, r9, s0, s1\n\t"
      "vmov r10, r11, s2, s3\n\t"
      "bic r8, r8, r8, asr #31\n\t"
      "bic r9, r9, r9, asr #31\n\t"
      "bic r10, r10, r10, asr #31\n\t"
      "bic r11, r11, r11, asr #31\n\t"
      "stmia r2!, {r8-r11}\n\t"
      ".else\n\t"
      "vstmia r2!, {s0-s3}\n\t"
      ".endif\n\t"
      "cmp r2, r5\n\t"
      "bne 1b\n\t"
      ".purgem pare_two_inputs"
      : "+r"(w), "+r"(x), "+r"(y)
      : [inputs_begin] "r"(inputs), [inputs] "i"(kInputs), [pair_bytes] "i"(kInputs / 2 * 8),
        [output_bytes] "i"(kOutputs / 4 * 16), [relu] "i"(kRelu ? 1 : 0)
      : "r4", "r5", "r8", "r9", "r10", "r11", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8",
        "s9", "s10", "s11", "s12", "s13", "cc", "memory");
  return w;
}

/// One row, its sum in four parts.
template <int kInputs>
PARE_NO_INLINE float dot_float32(const float* values, const float* inputs) {
  register const float* w asm("r0") = values;
  register const float* x asm("r1") = inputs;
  register float sum asm("s0");
  asm volatile(
      "vldmia r0!, {s0}\n\t"
      ".if %c[inputs] >= 4\n\t"
      "vsub.f32 s1, s0, s0\n\t"
      "vmov.f32 s2, s1\n\t"
      "vmov.f32 s3, s1\n\t"
      "ldr r2, =%c[four_bytes]\n\t"
      "add r2, r1\n"
      "1:\n\t"
      "vldmia r0!, {s4-s7}\n\t"
      "vldmia r1!, {s8-s11}\n\t"
      "vmul.f32 s4, s4, s8\n\t"
      "vmul.f32 s5, s5, s9\n\t"
      "vmul.f32 s6, s6, s10\n\t"
      "vmul.f32 s7, s7, s11\n\t"
      "vadd.f32 s0, s0, s4\n\t"
      "vadd.f32 s1, s1, s5\n\t"
      "vadd.f32 s2, s2, s6\n\t"
      "vadd.f32 s3, s3, s7\n\t"
      "cmp r1, r2\n\t"
      "bne 1b\n\t"
      "vadd.f32 s0, s0, s1\n\t"
      "vadd.f32 s2, s2, s3\n\t"
      "vadd.f32 s0, s0, s2\n\t"
      ".endif\n\t"
      ".rept %c[inputs] & 3\n\t"
      "vldmia r0!, {s4}\n\t"
      "vldmia r1!, {s8}\n\t"
      "vmul.f32 s4, s4, s8\n\t"
      "vadd.f32 s0, s0, s4\n\t"
      ".endr"
      : "+r"(w), "+r"(x), "=t"(sum)
      : [inputs] "i"(kInputs), [four_bytes] "i"(kInputs / 4 * 16)
      : "r2", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "cc", "memory");
  return sum;
}

template <int kInputs, int kOutputs, bool kRelu>
inline void dense(DenseFloat32<kInputs, kOutputs, kRelu> layer, const float* inputs,
                  float* outputs) {
  const float* values = layer.values;
  if (kOutputs >= 4) values = dense_fours<kInputs, kOutputs, kRelu>(values, inputs, outputs);
  for (int32_t row = kOutputs / 4 * 4; row < kOutputs; ++row, values += kInputs + 1) {
    const float sum = dot_float32<kInputs>(values, inputs);
    outputs[row] = kRelu && sum < 0 ? 0 : sum;
  }
}

#else

template <int kInputs, int kOutputs, bool kRelu>
inline void dense(DenseFloat32<kInputs, kOutputs, kRelu> layer, const float* inputs,
                  float* outputs) {
  dense(DenseFloat32Any{layer.values, kInputs, kOutputs, kRelu}, inputs, outputs);
}

#endif

PARE_OPTIMIZE_END

}  // namespace pare
