#include "nn/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "nn/elementary.h"

namespace pare::nn {

namespace {

std::uint64_t sequence_of(Stream stream, std::uint64_t index) {
  return index << 32 | static_cast<std::uint64_t>(stream);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t sequence) : increment_((sequence << 1) | 1) {
  bits();
  state_ += seed;
  bits();
}

Random::Random(std::uint64_t seed, Stream stream, std::uint64_t index)
    : Random(seed, sequence_of(stream, index)) {}

std::uint32_t Random::bits() {
  const std::uint64_t old = state_;
  state_ = old * 6364136223846793005U + increment_;
  const auto xorshifted = static_cast<std::uint32_t>(((old >> 18) ^ old) >> 27);
  const auto rotation = static_cast<std::uint32_t>(old >> 59);
  return (xorshifted >> rotation) | (xorshifted << ((32 - rotation) & 31));
}

std::uint32_t Random::below(std::uint32_t bound) {
  const std::uint32_t threshold = (0 - bound) % bound;
  for (;;) {
    const std::uint32_t drawn = bits();
    if (drawn >= threshold) return drawn % bound;
  }
}

double Random::uniform(double low, double high) { return low + (high - low) * (bits() * 0x1p-32); }

double Random::normal() {
  const double radius = std::sqrt(-2 * elementary::log((bits() + 1.0) * 0x1p-32));
  return radius * elementary::cos(2 * std::numbers::pi * bits() * 0x1p-32);
}

std::vector<Index> Random::permutation(Index count) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order, *this);
  return order;
}

std::uint64_t derive_seed(std::uint64_t seed, Stream stream, std::uint64_t index) {
  Random random(seed, stream, index);
  const std::uint64_t high = random.bits();
  return high << 32 | random.bits();
}

void shuffle(std::vector<Index>& order, Random& random) {
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
}

}  // namespace pare::nn
