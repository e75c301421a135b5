#pragma once
/// What talks to a host that measures and validates: it takes inputs, returns outputs, and counts
/// cycles. Try it in the Serial Monitor: pare selftest%
/// A sketch calls begin_harness() in setup(), and serve_host() in loop() when host_speaks().
/// model.h holds the model: its parameters and pare_infer(), which is all of the inference.
#include <Arduino.h>

#include "crc32.h"
#include "model.h"
#include "test_vectors.h"

// For size, whatever the model is compiled for: what is measured of it depends on nothing else.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("Os")
#endif

#include "board.h"
#include "serial_protocol.h"

namespace pare {
namespace harness {

using model::Value;

// The symbols say what of the sketch's RAM is the model's buffers.
static Value inputs[model::kInputs] asm("pare_inputs");
static Value outputs[model::kOutputs] asm("pare_outputs");
static uint32_t loaded_bytes = sizeof(inputs);
static uint32_t last_cycles = 0;
static uint32_t last_command_ms = 0;
static Command command;
static Reply reply;

static void infer() {
  const uint32_t begin = cycle_count();
  pare_infer(inputs, outputs);
  last_cycles = cycles_between(begin, cycle_count());
}

/// Bytes of stack below this call that one inference changes: the stack is painted first and looked
/// at afterwards. 4096 means that or more.
static uint32_t measure_stack() __attribute__((noinline));
static uint32_t measure_stack() {
  const uint32_t paint = 0xA5C35A3Cu;
  const uint32_t top = stack_pointer();
  const uint32_t bottom = top - 4096;
  for (uint32_t address = bottom; address != top; address += 4) {
    *reinterpret_cast<volatile uint32_t*>(address) = paint;
  }
  pare_infer(inputs, outputs);
  uint32_t deepest = bottom;
  while (deepest != top && *reinterpret_cast<volatile uint32_t*>(deepest) == paint) deepest += 4;
  return top - deepest;
}

static uint32_t min_of(uint32_t a, uint32_t b) { return a < b ? a : b; }

/// A light that blinks at 4 Hz while commands come; the pin is written when it changes.
static void blink() {
#ifdef LED_BUILTIN  // the ESP32's boards do not all have one
  static bool lit = false;
  const uint32_t half_period_ms = 125;
  const uint32_t now_ms = millis();
  const bool works = now_ms - last_command_ms < 2 * half_period_ms;
  const bool light = works && now_ms / half_period_ms % 2 == 0;
  if (light == lit) return;
  lit = light;
  digitalWrite(LED_BUILTIN, light ? HIGH : LOW);
#endif
}

static void reply_lap(uint32_t us) { reply.text("m-lap-us-").number(us).end_line(); }

static void reply_results() {
  reply.text("m-results-[");
  for (int i = 0; i < model::kOutputs; ++i) {
    const float steps = static_cast<float>(outputs[i]) - model::kOutputZeroPoint;
    reply.text(i == 0 ? "" : ",").decimal(steps * model::kOutputScale);
  }
  reply.line("]");
}

/// `infer N W`: N inferences after W to warm up. The lines leave together at the end: the laps
/// carry their own times, and no transfer over USB then falls between them.
static void answer_infer() {
  uint32_t count = 1;
  uint32_t warm_ups = 10;
  if (command.has(1) && (!parse_number(command.word(1), &count) || count == 0)) {
    reply.error("Inference iterations must be >0");
    return;
  }
  if (command.has(2) && !parse_number(command.word(2), &warm_ups)) {
    reply.error("Inference warmup must be >=0");
    return;
  }
  reply.text("m-warmup-start-").number(warm_ups).end_line();
  for (uint32_t i = 0; i < warm_ups; ++i) infer();
  reply.line("m-warmup-done");
  reply.text("m-infer-start-").number(count).end_line();
  const uint32_t begin_us = micros();
  for (uint32_t i = 0; i < count; ++i) infer();
  const uint32_t end_us = micros();
  reply_lap(begin_us);
  reply_lap(end_us);
  reply.line("m-infer-done");
  reply_results();
}

static void load_hex(const char* hex) {
  if (strlen(hex) % 2 != 0) {
    reply.error("Insufficient number of hex digits");
  } else if (loaded_bytes == sizeof(inputs)) {
    reply.error("Command 'db load' must come first");
  } else {
    for (; *hex != '\0' && loaded_bytes < sizeof(inputs); hex += 2) {
      const int high = hex_digit(hex[0]);
      const int low = hex_digit(hex[1]);
      if (high < 0 || low < 0) {
        reply.error("Invalid hex digit");
        return;
      }
      reinterpret_cast<uint8_t*>(inputs)[loaded_bytes++] = static_cast<uint8_t>(high * 16 + low);
    }
    if (loaded_bytes == sizeof(inputs)) reply.line("m-load-done");
  }
}

/// Eight bytes a line, as the reference firmware prints them.
static void reply_inputs() {
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(inputs);
  for (uint32_t i = 0; i < sizeof(inputs); ++i) {
    reply.text(i % 8 == 0 ? "m-buffer-" : "-").hex(bytes + i, 1);
    if (i % 8 == 7 || i + 1 == sizeof(inputs)) reply.end_line();
  }
}

/// The input buffer: `db load N`, then N bytes by `db HEX` in as many commands as it takes.
static void answer_db() {
  uint32_t size_bytes = 0;
  if (!command.has(1)) {
    reply.error("Command 'db' requires a subcommand");
  } else if (command.is(1, "print")) {
    reply_inputs();
  } else if (!command.is(1, "load")) {
    load_hex(command.word(1));
  } else if (!parse_number(command.word(2), &size_bytes) || size_bytes != sizeof(inputs)) {
    reply.text("e-[Command 'db load' must be ").number(sizeof(inputs)).line(" bytes]");
  } else {
    loaded_bytes = 0;
    reply.text("m-[Expecting ").number(size_bytes).line(" bytes]");
  }
}

static void reply_info() {
  reply.text("m-pare-name-[").text(model::kName).line("]");
  reply.text("m-pare-kernel-[").number(kKernelVersion).line("]");
  reply.text("m-pare-hash-[");
  const uint32_t hash = crc32(model::kKernelHash, model::parameters(), model::kParameterBytes);
  reply.hex32(hash).line("]");
  reply.text("m-pare-type-[").text(sizeof(Value) == 1 ? "int8" : "float32").line("]");
  reply.text("m-pare-inputs-[").number(model::kInputs).line("]");
  reply.text("m-pare-outputs-[").number(model::kOutputs).line("]");
  reply.text("m-pare-cache-[").text(instruction_cache_on() ? "on" : "off").line("]");
}

/// One inference, with all that the host needs to trust it: which inputs it had (their CRC-32), its
/// output bytes, and its cycles, 0 where the counter does not move.
static void answer_infer_raw() {
  infer();
  reply.text("m-pare-inputs-[").hex32(crc32(0, inputs, sizeof(inputs))).line("]");
  reply.text("m-pare-outputs-[").hex(outputs, sizeof(outputs)).line("]");
  reply.text("m-pare-cycles-[").number(last_cycles).line("]");
}

/// The cycle counter against micros(), over 20 ms.
static void reply_clock() {
  const uint32_t begin_us = micros();
  const uint32_t begin = cycle_count();
  while (static_cast<uint32_t>(micros()) - begin_us < 20000) {
  }
  const uint32_t cycles = cycles_between(begin, cycle_count());
  const uint32_t us = static_cast<uint32_t>(micros()) - begin_us;
  reply.text("m-pare-clock-[").number(cycles).text(" cycles in ").number(us).line(" us]");
}

/// Stored inputs against stored outputs: int8 must agree exactly, float32 within 1e-5.
static void reply_selftest() {
  const float tolerance = sizeof(Value) == 1 ? 0.0f : 1e-5f;
  uint32_t passed = 0;
  for (int v = 0; v < model::kTestVectors; ++v) {
    bool equal = true;
    pare_infer(model::kTestInputs[v], outputs);
    for (int i = 0; i < model::kOutputs; ++i) {
      const float expected = static_cast<float>(model::kTestOutputs[v][i]);
      equal = equal && fabsf(static_cast<float>(outputs[i]) - expected) <=
                           tolerance * fmaxf(1.0f, fabsf(expected));
    }
    passed += equal ? 1 : 0;
  }
  reply.text("m-pare-selftest-[").number(passed).text(" of ");
  reply.number(model::kTestVectors).line("]");
}

/// The field's runner knows nothing of these. Their replies carry a check.
static void answer_pare() {
  if (command.is(1, "info")) {
    reply_info();
  } else if (command.is(1, "infer")) {
    answer_infer_raw();
  } else if (command.is(1, "clock")) {
    reply_clock();
  } else if (command.is(1, "stack")) {
    // An interrupt may leave its own frame on this stack, never less than the inference's.
    uint32_t smallest = measure_stack();
    for (int i = 0; i < 2; ++i) smallest = min_of(smallest, measure_stack());
    reply.text("m-pare-stack-[").number(smallest).line("]");
  } else if (command.is(1, "selftest")) {
    reply_selftest();
  } else {
    reply.text("e-[Unknown command: pare ").text(command.word(1)).line("]");
  }
  reply.check();
}

static void answer() {
  if (command.too_long()) {
    reply.error("Command longer than 80 characters");
  } else if (command.is(0, "name")) {
    reply.text("m-name-dut-[").text(model::kName).line("]");
  } else if (command.is(0, "profile")) {
    reply.line("m-profile-[ULPMark for tinyML Firmware V0.0.1]");
    reply.text("m-model-[").text(model::kName).line("]");
  } else if (command.is(0, "timestamp")) {
    reply_lap(micros());
  } else if (command.is(0, "db")) {
    answer_db();
  } else if (command.is(0, "infer")) {
    answer_infer();
  } else if (command.is(0, "results")) {
    reply_results();
  } else if (command.is(0, "pare")) {
    answer_pare();
  } else {
    reply.text("e-[Unknown command: ").text(command.word(0)).line("]");
  }
}

}  // namespace harness

/// Opens the serial line, and waits up to three seconds for somebody at its other end.
inline void begin_harness() {
#ifdef LED_BUILTIN
  pinMode(LED_BUILTIN, OUTPUT);
#endif
  start_cycle_counter();
  turn_cache_on();
  Serial.begin(115200);
  while (!Serial && millis() < 3000) {
  }
  harness::reply.line("m-init-done").send_ready();
}

/// To write to the serial line: a text, then flush().
inline Reply& print() { return harness::reply; }

/// Whether what has come is a command's: it begins with a letter, and ends with '%'.
inline bool host_speaks() {
  const int next = Serial.peek();
  const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
  return next >= 0 && (letter || harness::command.begun());
}

/// Answers the commands that have come.
inline void serve_host() {
  using namespace harness;
  while (Serial.available() > 0) {
    if (!command.take(static_cast<char>(Serial.read()))) continue;
    last_command_ms = millis();
    blink();
    reply.begin(command.sum());
    answer();
    reply.send_ready();
  }
  blink();
}

}  // namespace pare

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
