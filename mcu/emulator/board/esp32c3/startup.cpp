/// From reset to the sketch, and what it needs of a C library: Debian has none for this core.
#pragma GCC optimize("no-tree-loop-distribute-patterns")  // else memcpy would call itself
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "machine.h"
#include "start.h"

EspClass ESP;

/// A semihosting call: three instructions that are not compressed, in one page of memory, for which
/// they are in a section of their own. Source: RISC-V Semihosting, version 1.0, 1.1.
asm(".section .text.call_host, \"ax\"\n"
    ".option push\n"
    ".option norelax\n"
    ".option norvc\n"
    ".balign 16\n"
    ".global call_host\n"
    "call_host:\n"
    "slli x0, x0, 0x1f\n"
    "ebreak\n"
    "srai x0, x0, 7\n"
    "ret\n"
    ".option pop\n"
    ".text");

extern "C" {

void boot() __attribute__((noreturn));

/// Without a global pointer: the linker does not relax to it (link.ld defines none).
__attribute__((section(".vectors"), naked, used)) void boot() {
  asm volatile(
      "la sp, stack_top\n"
      "la t0, fault\n"
      "csrw mtvec, t0\n"
      "j run_sketch\n");
}

/// mtvec holds addresses of whole words.
__attribute__((aligned(4), used)) void fault() { report_fault(); }

void* memcpy(void* __restrict to, const void* __restrict from, size_t size_bytes) {
  uint8_t* byte = static_cast<uint8_t*>(to);
  const uint8_t* source = static_cast<const uint8_t*>(from);
  for (; size_bytes > 0; --size_bytes) *byte++ = *source++;
  return to;
}

void* memset(void* to, int value, size_t size_bytes) {
  uint8_t* byte = static_cast<uint8_t*>(to);
  for (; size_bytes > 0; --size_bytes) *byte++ = static_cast<uint8_t>(value);
  return to;
}

size_t strlen(const char* text) {
  size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

int strcmp(const char* a, const char* b) {
  for (; *a == *b && *a != '\0'; ++a, ++b) {
  }
  return static_cast<uint8_t>(*a) - static_cast<uint8_t>(*b);
}

/// e^x to about 1e-7 of it: 2^n * e^r with |r| <= ln(2) / 2, e^r by its series.
float expf(float x) {
  if (x > 88.0f) x = 88.0f;
  if (x < -87.0f) return 0.0f;
  const int32_t n = static_cast<int32_t>(x * 1.44269504f + (x < 0 ? -0.5f : 0.5f));
  const float r =
      (x - static_cast<float>(n) * 0.693359375f) + static_cast<float>(n) * 2.12194440e-4f;
  float sum = 1.0f;
  for (int k = 7; k > 0; --k) sum = 1.0f + sum * r / static_cast<float>(k);
  const uint32_t bits = static_cast<uint32_t>(n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof(power));
  return sum * power;
}

float roundf(float x) {
  if (!(fabsf(x) < 8388608.0f)) return x;  // 2^23: it has no fraction, or is none
  const int32_t whole = static_cast<int32_t>(x);
  const float rest = x - static_cast<float>(whole);
  return static_cast<float>(rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole);
}

float tanhf(float x) { return 1.0f - 2.0f / (expf(2.0f * x) + 1.0f); }

/// log x of a normal x > 0: n ln 2 + 2 artanh((m - 1) / (m + 1)) for x = 2^n m, m in [1, 2).
float logf(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof(bits));
  const int32_t n = static_cast<int32_t>(bits >> 23) - 127;
  bits = (bits & 0x7FFFFFu) | 0x3F800000u;
  float m;
  memcpy(&m, &bits, sizeof(m));
  const float s = (m - 1.0f) / (m + 1.0f);
  float sum = 0.0f;
  for (int k = 15; k > 0; k -= 2) sum = sum * s * s + 1.0f / static_cast<float>(k);
  return static_cast<float>(n) * 0.69314718f + 2.0f * s * sum;
}

/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6.
float erff(float x) {
  const float size = fabsf(x) < 4.0f ? fabsf(x) : 4.0f;
  float term = size;
  float sum = size;
  for (int n = 1; term > sum * 1e-8f; ++n) {
    term *= 2.0f * size * size / static_cast<float>(2 * n + 1);
    sum += term;
  }
  const float value = 1.12837917f * expf(-size * size) * sum;
  return x < 0 ? -value : value;
}
}
