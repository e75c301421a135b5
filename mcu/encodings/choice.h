#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mcu/encodings/encoding.h"

namespace pare::mcu {

/// What an encoding is chosen for: the fewest bytes of flash, the least product of bytes and
/// cycles, or the fewest cycles.
enum class Optimize : std::uint8_t { size, balance, speed };

inline constexpr std::array kOptimizes{Optimize::size, Optimize::balance, Optimize::speed};

/// "size", "balance" or "speed".
std::string_view name(Optimize optimize);

/// What a model takes: flash beside the sketch without a model, and cycles of one inference with
/// the charge for data that is read from flash.
struct Cost {
  double flash_bytes = 0;
  double cycles = 0;
};

/// What the encodings of a model are chosen for. A bound takes the place of `optimize`: within a
/// bound on flash the fewest cycles are best, within one on cycles the fewest bytes; `optimize`
/// decides between choices that keep both.
struct Goal {
  Optimize optimize = Optimize::balance;
  double flash_bytes = 0;  ///< at most; 0 for no bound
  double cycles = 0;       ///< at most; 0 for no bound
};

/// True if `a` serves the goal better than `b`: it exceeds the bounds by less, or as little and is
/// better by what the goal asks for.
bool better(const Goal& goal, const Cost& a, const Cost& b);

/// A price's name, and how much of it there is.
struct Term {
  std::string owner;
  std::string of;
  double count;
};

/// What takes code and cycles in a layer, without its functions.
std::vector<Term> code_terms(std::string_view encoding, const LayerCode& code);
std::vector<Term> cycle_terms(std::string_view encoding, const LayerCode& code);

/// What every model with that many inputs takes.
std::vector<Term> model_code_terms(nn::Index inputs);
std::vector<Term> model_cycle_terms(nn::Index inputs);

/// The sum of all terms at the prices of costs.h. Throws std::logic_error for a term without one.
double code_bytes(const std::vector<Term>& terms);
double cycles(const std::vector<Term>& terms);

/// One way to store a certain layer.
struct Candidate {
  std::string_view encoding;
  LayerCode code;
};

/// A candidate for each layer, and what the model then takes, by the prices of costs.h.
struct Choice {
  std::vector<std::size_t> candidates;
  Cost cost;
};

/// The choices of which no other takes both fewer bytes and fewer cycles, best first; of equals the
/// first candidates. Functions count once for all layers that call them. Each layer must have a
/// candidate; `base` is added to every cost. Where there is nothing to choose it is the cost.
std::vector<Choice> choices(const std::vector<std::vector<Candidate>>& layers, const Cost& base,
                            const Goal& goal);

/// The first of `ranked`, and of the others, at most `most` in all, those that could be better if
/// each sum of prices were off by its usual error.
std::vector<Choice> contenders(const std::vector<Choice>& ranked, const Goal& goal,
                               std::size_t most);

}  // namespace pare::mcu
