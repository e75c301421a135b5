#include "mcu/encodings/choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <tuple>

#include "mcu/encodings/costs.h"

namespace pare::mcu {
namespace {

using Layers = std::vector<std::vector<Candidate>>;

/// The functions that a choice has bought, a bit each.
using Functions = std::uint64_t;

/// With more partial choices than these, those that are nearly alike are thinned out.
constexpr std::size_t kMostPartial = 20000;

double price(std::span<const Price> prices, const Term& term) {
  for (const Price& price : prices) {
    if (price.owner == term.owner && price.of == term.of) return price.each;
  }
  throw std::logic_error(fmt::format("'{}' of '{}' has no price; './pare bench costs' measures it",
                                     term.of, term.owner));
}

double sum(std::span<const Price> prices, const std::vector<Term>& terms) {
  double sum = 0;
  for (const Term& term : terms) {
    if (term.count != 0) sum += term.count * price(prices, term);
  }
  return sum;
}

std::vector<Term> terms_of(std::string_view encoding, const std::vector<Count>& counts) {
  std::vector<Term> terms{{std::string(encoding), "layer", 1}};
  for (const Count& count : counts) {
    terms.push_back({std::string(encoding), count.of, count.count});
  }
  return terms;
}

double array_bytes(const LayerCode& code) {
  std::size_t size = 0;
  for (const LayerArray& array : code.arrays) size += array.bytes.size();
  return static_cast<double>(size);
}

/// All functions of all candidates, and the bytes of each.
class FunctionPrices {
 public:
  explicit FunctionPrices(const Layers& layers) {
    for (const auto& candidates : layers) {
      for (const Candidate& candidate : candidates) {
        for (const std::string& function : candidate.code.functions) add(function);
      }
    }
  }

  Functions set_of(const LayerCode& code) const {
    Functions set = 0;
    for (const std::string& function : code.functions) {
      const auto found = std::find(names_.begin(), names_.end(), function);
      set |= Functions{1} << (found - names_.begin());
    }
    return set;
  }

  double bytes_of(Functions set) const {
    double bytes = 0;
    for (const double each : bytes_) {
      if ((set & 1U) != 0) bytes += each;
      set >>= 1;
    }
    return bytes;
  }

 private:
  void add(const std::string& function) {
    if (std::find(names_.begin(), names_.end(), function) != names_.end()) return;
    if (names_.size() == 64) throw std::logic_error("the encodings have more than 64 functions");
    names_.push_back(function);
    bytes_.push_back(price(code_prices(), {"function", function, 1}));
  }

  std::vector<std::string> names_;
  std::vector<double> bytes_;
};

struct Offer {
  std::size_t candidate;
  Cost cost;  ///< without its functions
  Functions functions;
};

bool at_most(const Cost& a, const Cost& b) {
  return a.flash_bytes <= b.flash_bytes && a.cycles <= b.cycles;
}

/// A layer's candidates without those that another one beats in both, though it pays for all of its
/// functions.
std::vector<Offer> offers_of(const std::vector<Candidate>& candidates,
                             const FunctionPrices& functions) {
  std::vector<Offer> all;
  for (const auto& [encoding, code] : candidates) {
    all.push_back({all.size(),
                   {array_bytes(code) + code_bytes(code_terms(encoding, code)),
                    cycles(cycle_terms(encoding, code))},
                   functions.set_of(code)});
  }
  std::vector<Offer> offers;
  for (const Offer& offer : all) {
    const bool beaten = std::any_of(all.begin(), all.end(), [&](const Offer& other) {
      const Cost paid{other.cost.flash_bytes + functions.bytes_of(other.functions),
                      other.cost.cycles};
      return at_most(paid, offer.cost) &&
             (!at_most(offer.cost, paid) || other.candidate < offer.candidate);
    });
    if (!beaten) offers.push_back(offer);
  }
  return offers;
}

/// Candidates for the first layers.
struct Partial {
  Cost cost;  ///< with functions
  Functions functions;
  std::vector<std::size_t> candidates;
};

/// Leaves of the partial choices with the same functions those that no other beats in both; of
/// cycles that are `slack` apart or less, the fewer bytes.
void prune(std::vector<Partial>& partial, double slack) {
  std::stable_sort(partial.begin(), partial.end(), [](const Partial& a, const Partial& b) {
    return std::tie(a.functions, a.cost.flash_bytes, a.cost.cycles) <
           std::tie(b.functions, b.cost.flash_bytes, b.cost.cycles);
  });
  std::vector<Partial> kept;
  for (Partial& next : partial) {
    const bool beaten = !kept.empty() && kept.back().functions == next.functions &&
                        kept.back().cost.cycles <= next.cost.cycles * (1 + slack);
    if (!beaten) kept.push_back(std::move(next));
  }
  partial = std::move(kept);
}

std::vector<Partial> extend(const std::vector<Partial>& partial, const std::vector<Offer>& offers,
                            const FunctionPrices& functions) {
  std::vector<Partial> extended;
  for (const Partial& first : partial) {
    for (const Offer& offer : offers) {
      const double bought = functions.bytes_of(offer.functions & ~first.functions);
      extended.push_back({{first.cost.flash_bytes + offer.cost.flash_bytes + bought,
                           first.cost.cycles + offer.cost.cycles},
                          first.functions | offer.functions,
                          first.candidates});
      extended.back().candidates.push_back(offer.candidate);
    }
  }
  prune(extended, 0);
  for (double slack = 1e-4; extended.size() > kMostPartial; slack *= 2) prune(extended, slack);
  return extended;
}

Optimize objective(const Goal& goal) {
  if ((goal.flash_bytes > 0) == (goal.cycles > 0)) return goal.optimize;
  return goal.flash_bytes > 0 ? Optimize::speed : Optimize::size;
}

double excess(const Goal& goal, const Cost& cost) {
  const auto over = [](double value, double bound) {
    return bound > 0 ? std::max(0.0, value / bound - 1) : 0;
  };
  return over(cost.flash_bytes, goal.flash_bytes) + over(cost.cycles, goal.cycles);
}

}  // namespace

std::string_view name(Optimize optimize) {
  return optimize == Optimize::size ? "size" : optimize == Optimize::speed ? "speed" : "balance";
}

bool better(const Goal& goal, const Cost& a, const Cost& b) {
  const auto key = [&](const Cost& cost) {
    const double product = cost.flash_bytes * cost.cycles;
    switch (objective(goal)) {
      case Optimize::size:
        return std::tuple(excess(goal, cost), cost.flash_bytes, cost.cycles);
      case Optimize::speed:
        return std::tuple(excess(goal, cost), cost.cycles, cost.flash_bytes);
      default:
        return std::tuple(excess(goal, cost), product, cost.flash_bytes);
    }
  };
  return key(a) < key(b);
}

std::vector<Term> code_terms(std::string_view encoding, const LayerCode& code) {
  return terms_of(encoding, code.code);
}

std::vector<Term> cycle_terms(std::string_view encoding, const LayerCode& code) {
  return terms_of(encoding, code.work);
}

/// The compiler knows how many inputs are widened: none to more than one turn of a loop over fours,
/// and the rest.
std::vector<Term> model_code_terms(nn::Index inputs) {
  const nn::Index fours = std::min<nn::Index>(inputs / 4, 2);
  return {{"model", "inference", 1},
          {"model",
           fmt::format("inputs: {} fours and {}",
                       fours == 2   ? "many"
                       : fours == 1 ? "one"
                                    : "no",
                       inputs % 4),
           1}};
}

std::vector<Term> model_cycle_terms(nn::Index inputs) {
  const nn::Index fours = inputs / 4;
  return {{"model", "inference", 1},
          {"model", "four inputs", static_cast<double>(fours)},
          {"model", "single inputs", static_cast<double>(inputs % 4)}};
}

double code_bytes(const std::vector<Term>& terms) { return sum(code_prices(), terms); }

double cycles(const std::vector<Term>& terms) { return sum(cycle_prices(), terms); }

std::vector<Choice> choices(const Layers& layers, const Cost& base, const Goal& goal) {
  if (std::all_of(layers.begin(), layers.end(), [](const auto& l) { return l.size() == 1; })) {
    return {{std::vector<std::size_t>(layers.size(), 0), base}};
  }
  const FunctionPrices functions(layers);
  std::vector<Partial> partial{{base, 0, {}}};
  for (const auto& candidates : layers) {
    partial = extend(partial, offers_of(candidates, functions), functions);
  }
  for (Partial& all : partial) all.functions = 0;  // they are paid
  prune(partial, 0);
  std::vector<Choice> ranked;
  for (Partial& all : partial) ranked.push_back({std::move(all.candidates), all.cost});
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const Choice& a, const Choice& b) { return better(goal, a.cost, b.cost); });
  return ranked;
}

std::vector<Choice> contenders(const std::vector<Choice>& ranked, const Goal& goal,
                               std::size_t most) {
  const Cost& first = ranked.front().cost;
  const Cost worst{first.flash_bytes + kCodeErrorBytes, first.cycles * (1 + kCyclesError)};
  std::vector<Choice> result{ranked.front()};
  for (std::size_t i = 1; i < ranked.size() && result.size() < most; ++i) {
    const Cost best{ranked[i].cost.flash_bytes - kCodeErrorBytes,
                    ranked[i].cost.cycles * (1 - kCyclesError)};
    if (better(goal, best, worst)) result.push_back(ranked[i]);
  }
  return result;
}

}  // namespace pare::mcu
