#include "mcu/encodings/prefix_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace pare::mcu {
namespace {

constexpr std::int64_t kTableBits = 32;  // of a class

/// What symbols from some one on cost at best, and the first class of that.
struct Plan {
  std::int64_t bits = std::numeric_limits<std::int64_t>::max();
  int extra_bits = 0;
};

}  // namespace

/// Dynamic programming from the last class to the first: plans[symbol] is the best code for that
/// symbol and those after it, where `zeros` classes come before.
PrefixCode::PrefixCode(const std::vector<std::int64_t>& frequencies, int longest_bits) {
  const int count = static_cast<int>(frequencies.size());
  if (count == 0 || count >= 1 << longest_bits) {
    throw std::invalid_argument(fmt::format(
        "[PrefixCode] {} symbols do not fit codewords of {} bits", count, longest_bits));
  }
  std::vector<std::int64_t> before(frequencies.size() + 1, 0);  // sums of frequencies
  for (std::size_t i = 0; i < frequencies.size(); ++i) before[i + 1] = before[i] + frequencies[i];
  const auto none = std::vector<Plan>(frequencies.size());
  std::vector<std::vector<Plan>> plans(static_cast<std::size_t>(longest_bits) + 1, none);
  for (auto& plan : plans) plan.push_back({0, 0});
  for (int zeros = longest_bits - 1; zeros >= 0; --zeros) {
    auto& here = plans[static_cast<std::size_t>(zeros)];
    const auto& next = plans[static_cast<std::size_t>(zeros) + 1];
    for (int first = 0; first < count; ++first) {
      for (int extra = 0; zeros + 1 + extra <= longest_bits; ++extra) {
        const auto end = static_cast<std::size_t>(std::min(count, first + (1 << extra)));
        if (next[end].bits == Plan{}.bits) continue;
        const std::int64_t uses = before[end] - before[static_cast<std::size_t>(first)];
        const std::int64_t bits = uses * (zeros + 1 + extra) + kTableBits + next[end].bits;
        Plan& plan = here[static_cast<std::size_t>(first)];
        if (bits < plan.bits) plan = {bits, extra};
      }
    }
  }
  for (int first = 0; first < count; first += 1 << classes_.back().extra_bits) {
    const Plan& plan = plans[classes_.size()][static_cast<std::size_t>(first)];
    classes_.push_back({first, plan.extra_bits});
  }
}

std::size_t PrefixCode::class_of(int symbol) const {
  std::size_t found = classes_.size() - 1;
  while (classes_[found].first > symbol) --found;
  return found;
}

int PrefixCode::length_bits(int symbol) const {
  const std::size_t zeros = class_of(symbol);
  return static_cast<int>(zeros) + 1 + classes_[zeros].extra_bits;
}

std::uint32_t PrefixCode::codeword(int symbol) const {
  const PrefixClass& c = classes_[class_of(symbol)];
  return (1U << c.extra_bits) + static_cast<std::uint32_t>(symbol - c.first);
}

std::vector<std::int32_t> PrefixCode::table(int offset) const {
  std::vector<std::int32_t> words;
  for (std::size_t zeros = 0; zeros < classes_.size(); ++zeros) {
    const int length = static_cast<int>(zeros) + 1 + classes_[zeros].extra_bits;
    const int to_symbol = classes_[zeros].first - (1 << classes_[zeros].extra_bits) + offset;
    words.push_back(to_symbol * 65536 + length * 256 + 32 - length);
  }
  return words;
}

void BitWriter::write(std::uint32_t bits, int count) {
  while (count > 0) {
    if (used_ == 8) {
      bytes_.push_back(0);
      used_ = 0;
    }
    --count;
    ++used_;
    bytes_.back() =
        static_cast<std::uint8_t>(bytes_.back() | ((bits >> count & 1U) << (8 - used_)));
  }
}

}  // namespace pare::mcu
