#pragma once

namespace pare {

/// What the sketch reports and the host compares before it trusts a board. Add 1 whenever a model
/// that was exported before would give other bytes, or be read wrongly: a change of the kernels'
/// arithmetic, of an encoding of the parameters, or of the serial commands. A change of speed alone
/// leaves it as it is.
constexpr int kKernelVersion = 3;

}  // namespace pare
