/// From reset to the sketch. The emulator has no boot ROM: it starts from these vectors.
#include <stdint.h>

#include "start.h"

extern "C" uint32_t stack_top;

namespace {

struct Vectors {
  uint32_t* stack;
  void (*handlers[15])();
};

}  // namespace

__attribute__((section(".vectors"), used)) static const Vectors vectors = {
    &stack_top, {run_sketch, report_fault, report_fault}};
