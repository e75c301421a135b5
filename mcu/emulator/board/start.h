#pragma once
/// What follows a reset: the boards' start-up code ends here. No interrupt is ever enabled, so that
/// counts of instructions repeat.

/// Gives the program the memory that C++ expects, then runs setup() and loop().
extern "C" void run_sketch() __attribute__((noreturn));

/// Every fault ends here: the host must see it, and the board must not run on.
extern "C" void report_fault() __attribute__((noreturn));
