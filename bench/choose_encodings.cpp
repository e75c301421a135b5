#include "bench/choose_encodings.h"

#include <optional>
#include <utility>

#include "bench/encoding_costs.h"
#include "mcu/emulator/image.h"

namespace pare::bench {
namespace {

/// Each takes a compiler run. The likeliest come first.
constexpr std::size_t kMostContenders = 6;

}  // namespace

mcu::EncodedModel choose_encodings(const nn::Model& model, const mcu::Goal& goal) {
  std::vector<mcu::EncodedModel> contenders = mcu::encode_contenders(model, goal, kMostContenders);
  if (contenders.size() == 1) return std::move(contenders.front());
  EncodingMeter meter(model, random_int8_inputs(nn::input_count(model)));
  std::size_t best = 0;
  std::optional<mcu::Cost> least;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    try {
      const mcu::Cost cost = cost_of(meter.measure(contenders[i]));
      if (least && !mcu::better(goal, cost, *least)) continue;
      least = cost;
      best = i;
    } catch (const mcu::DoesNotFit&) {
      // Another may; if none does, it is said where the model is measured.
    }
  }
  return std::move(contenders[best]);
}

}  // namespace pare::bench
