#include "mcu/encodings/choice.h"

#include <algorithm>
#include <map>

namespace pare::mcu {
namespace {

using Layers = std::vector<std::vector<Candidate>>;

double array_bytes(const LayerCode& code) {
  std::size_t size = 0;
  for (const LayerArray& array : code.arrays) size += array.bytes.size();
  return static_cast<double>(size);
}

/// Sets of kernels that are tried: two to this power. Layers pay for others each by themselves.
constexpr std::size_t kMostShared = 16;

/// What a candidate costs: bytes, and a kernel that it shares with other layers, or none.
struct Offer {
  double bytes;
  int kernel;  ///< a bit of the set of shared kernels that have been bought, or -1
};

/// The kernels that several layers could have, and their bytes.
std::map<std::string, double> shared_kernels(const Layers& layers) {
  std::map<std::string, double> once;
  std::map<std::string, double> shared;
  for (const auto& candidates : layers) {
    for (const Candidate& candidate : candidates) {
      const auto [place, is_new] = once.emplace(candidate.code.type, candidate.code.code_bytes);
      if (!is_new && shared.size() < kMostShared) shared.insert(*place);
    }
  }
  return shared;
}

std::vector<std::vector<Offer>> offers_of(const Layers& layers,
                                          const std::map<std::string, double>& shared) {
  std::vector<std::vector<Offer>> offers(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const Candidate& candidate : layers[i]) {
      const auto found = shared.find(candidate.code.type);
      const double bytes = array_bytes(candidate.code);
      if (found == shared.end()) {
        offers[i].push_back({bytes + candidate.code.code_bytes, -1});
      } else {
        offers[i].push_back({bytes, static_cast<int>(std::distance(shared.begin(), found))});
      }
    }
  }
  return offers;
}

/// The first of the cheapest offers whose kernels have been bought; nothing without one.
std::optional<std::size_t> cheapest(const std::vector<Offer>& offers, std::uint32_t bought) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    if (offers[i].kernel >= 0 && (bought >> offers[i].kernel & 1U) == 0) continue;
    if (!best || offers[i].bytes < offers[*best].bytes) best = i;
  }
  return best;
}

/// One candidate of each layer, and the bytes of all without the shared kernels.
struct Choice {
  std::vector<std::size_t> chosen;
  double bytes = 0;
};

std::optional<Choice> choose_with(const std::vector<std::vector<Offer>>& layers,
                                  std::uint32_t bought) {
  Choice choice;
  for (const std::vector<Offer>& offers : layers) {
    const std::optional<std::size_t> best = cheapest(offers, bought);
    if (!best) return std::nullopt;
    choice.chosen.push_back(*best);
    choice.bytes += offers[*best].bytes;
  }
  return choice;
}

/// Tries every set of the shared kernels.
std::vector<std::size_t> choose_smallest(const Layers& layers) {
  const std::map<std::string, double> shared = shared_kernels(layers);
  const std::vector<std::vector<Offer>> offers = offers_of(layers, shared);
  std::optional<Choice> best;
  for (std::uint32_t bought = 0; bought < 1U << shared.size(); ++bought) {
    std::optional<Choice> choice = choose_with(offers, bought);
    if (!choice) continue;
    std::uint32_t rest = bought;
    for (auto kernel = shared.begin(); kernel != shared.end(); ++kernel, rest >>= 1) {
      if ((rest & 1U) != 0) choice->bytes += kernel->second;
    }
    if (!best || choice->bytes < best->bytes) best = std::move(choice);
  }
  return best->chosen;
}

std::size_t fastest(const std::vector<Candidate>& candidates) {
  const auto best = std::min_element(candidates.begin(), candidates.end(),
                                     [](const Candidate& a, const Candidate& b) {
                                       return a.code.cycles_estimate < b.code.cycles_estimate;
                                     });
  return static_cast<std::size_t>(best - candidates.begin());
}

}  // namespace

std::string_view name(Optimize optimize) { return optimize == Optimize::size ? "size" : "speed"; }

std::vector<std::size_t> choose(const Layers& layers, Optimize optimize) {
  if (optimize == Optimize::size) return choose_smallest(layers);
  std::vector<std::size_t> chosen;
  for (const auto& candidates : layers) chosen.push_back(fastest(candidates));
  return chosen;
}

}  // namespace pare::mcu
