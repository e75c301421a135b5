#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mcu/encodings/encoding.h"

namespace pare::mcu {

/// What an encoding is chosen for: the fewest bytes of flash, or the fewest estimated cycles.
enum class Optimize : std::uint8_t { size, speed };

/// "size" or "speed".
std::string_view name(Optimize optimize);

/// One way to store a certain layer.
struct Candidate {
  std::string_view encoding;
  LayerCode code;
};

/// One of each layer's candidates, of which it must have some. For size, their arrays and the code
/// of the kernels that they need, each once, take the fewest bytes that any choice takes; for
/// speed, their cycles are the fewest. Of equals the first.
std::vector<std::size_t> choose(const std::vector<std::vector<Candidate>>& layers,
                                Optimize optimize);

}  // namespace pare::mcu
