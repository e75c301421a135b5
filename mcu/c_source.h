#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mcu/encode.h"

namespace pare::mcu {

/// Values as comma-separated C literals that read back to the same bits, in lines of at most 100
/// characters. `bytes` holds little-endian elements of `type`; each line starts with `indent`.
std::string c_values(ElementType type, std::span<const std::uint8_t> bytes,
                     std::string_view indent);

/// One `{...},` a row: int8 or float32 values, as the arithmetic has them.
std::string c_rows(nn::Arithmetic arithmetic, const std::vector<std::vector<std::uint8_t>>& rows);

/// Where the board keeps the parameters while it computes: in flash, whose data this chip is
/// thought to wait for, or copied to RAM at the start.
enum class Memory : std::uint8_t { flash, ram };

/// A statement of an inference, and the layer that it computes, if it does.
struct Statement {
  std::string text;
  std::optional<std::size_t> layer;
};

/// What a model is in C++, whatever is around it: the kernel headers that it needs, its parameters
/// and constants, and the statements that make `outputs` of `inputs` with kInputs and
/// kInputZeroPoint.
struct ModelCode {
  std::set<std::string> headers;
  std::string definitions;
  std::vector<Statement> statements;
};
ModelCode model_code(const EncodedModel& model, Memory weights = Memory::flash);

/// A float as a C literal that reads back to the same bits.
std::string c_literal(float value);

/// A function of a float, as a C++11 lambda.
std::string c_function(nn::Activation activation);

/// "1-16-16-1", the widths of a model.
std::string c_widths(const EncodedModel& model);

/// model.h, which the sketch includes: the parameters as C arrays, the layers, and pare_infer().
struct ModelSource {
  std::string text;
  /// Which layer, from 0, each line computes, from 1; those of no layer are not in it.
  std::map<unsigned, std::size_t> layer_lines;
};

/// `name` is what the board calls itself.
ModelSource model_source(const EncodedModel& model, std::string_view name,
                         Memory weights = Memory::flash);

/// The same interface to an inference that is not ours, for comparison: the body of pare_infer(),
/// and what stands before it, includes and declarations. It has no parameters for the board to sum.
std::string foreign_model_header(const EncodedModel& model, std::string_view name,
                                 std::string_view includes, std::string_view declarations,
                                 std::string_view body);

/// The same interface with no parameters and a pare_infer() that does nothing.
std::string empty_model_header(const EncodedModel& model, std::string_view name);

}  // namespace pare::mcu
