#include "mcu/encodings/entropy_weights.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "mcu/encodings/prefix_code.h"

namespace pare::mcu {
namespace {

/// A gap and a value together must fit the 25 bits that a 32-bit read from any bit on gives.
constexpr int kLongestGapBits = 12;
constexpr int kLongestValueBits = 13;
/// The kernel reads four bytes from the one on in which a codeword begins.
constexpr std::size_t kReadAhead = 3;

/// One weight, and how far it lies behind the one before. The last entry has no weight: its gap
/// leads past the end.
struct Entry {
  std::int64_t gap;
  std::int8_t value;
};

std::vector<Entry> entries_of(const nn::Int8Matrix& weights) {
  std::vector<Entry> entries;
  std::int64_t last = -1;
  for (std::int64_t i = 0; i < weights.size(); ++i) {
    if (weights.data()[i] == 0) continue;
    entries.push_back({i - last, weights.data()[i]});
    last = i;
  }
  entries.push_back({weights.size() - last, 0});
  return entries;
}

/// The same entries with no gap above `longest`.
std::vector<Entry> split(const std::vector<Entry>& entries, std::int64_t longest) {
  std::vector<Entry> result;
  for (Entry entry : entries) {
    for (; entry.gap > longest; entry.gap -= longest) result.push_back({longest, 0});
    result.push_back(entry);
  }
  return result;
}

/// The values' symbols: the most frequent value is 0.
class Alphabet {
 public:
  explicit Alphabet(const std::vector<Entry>& entries) : count_(256, 0), symbol_(256, 0) {
    for (std::size_t i = 0; i + 1 < entries.size(); ++i) ++count_[index(entries[i].value)];
    std::vector<std::size_t> order(256);  // of index(value)
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return count_[a] > count_[b]; });
    for (const std::size_t i : order) {
      if (count_[i] == 0 && !values_.empty()) break;
      symbol_[i] = static_cast<int>(values_.size());
      values_.push_back(static_cast<std::int8_t>(static_cast<int>(i) - 128));
      frequencies_.push_back(count_[i]);
    }
  }

  int symbol(std::int8_t value) const { return symbol_[index(value)]; }
  const std::vector<std::int8_t>& values() const { return values_; }
  const std::vector<std::int64_t>& frequencies() const { return frequencies_; }

 private:
  static std::size_t index(std::int8_t value) { return static_cast<std::size_t>(value + 128); }

  std::vector<std::int64_t> count_;
  std::vector<int> symbol_;
  std::vector<std::int8_t> values_;
  std::vector<std::int64_t> frequencies_;
};

EntropyWeights encode_entries(const std::vector<Entry>& entries) {
  std::vector<std::int64_t> gaps;
  for (const Entry& entry : entries) {
    const auto symbol = static_cast<std::size_t>(entry.gap - 1);
    if (symbol >= gaps.size()) gaps.resize(symbol + 1, 0);
    ++gaps[symbol];
  }
  const Alphabet alphabet(entries);
  const PrefixCode gap_code(gaps, kLongestGapBits);
  const PrefixCode value_code(alphabet.frequencies(), kLongestValueBits);
  BitWriter bits;
  const auto write = [&](const PrefixCode& code, int symbol) {
    bits.write(code.codeword(symbol), code.length_bits(symbol));
  };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    write(gap_code, static_cast<int>(entries[i].gap - 1));
    if (i + 1 < entries.size()) write(value_code, alphabet.symbol(entries[i].value));
  }
  const std::vector<std::uint8_t> bytes = bits.bytes();
  EntropyWeights result{
      {bytes.begin(), bytes.end()}, gap_code.table(1), value_code.table(0), alphabet.values()};
  result.stream.resize(bytes.size() + kReadAhead, 0);
  return result;
}

std::size_t size_bytes(const EntropyWeights& weights) {
  return weights.stream.size() + 4 * (weights.gap_code.size() + weights.value_code.size()) +
         weights.values.size();
}

}  // namespace

EntropyWeights entropy_encode(const nn::Int8Matrix& weights) {
  const std::vector<Entry> entries = entries_of(weights);
  const std::int64_t longest =
      std::max_element(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return a.gap < b.gap;
      })->gap;
  std::optional<EntropyWeights> best;
  for (int bits = 0; bits < kLongestGapBits; ++bits) {
    const std::int64_t most = std::min(longest, std::int64_t{1} << bits);
    EntropyWeights candidate = encode_entries(split(entries, most));
    if (!best || size_bytes(candidate) < size_bytes(*best)) best = std::move(candidate);
    if (most == longest) break;
  }
  return *std::move(best);
}

}  // namespace pare::mcu
