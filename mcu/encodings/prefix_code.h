#pragma once

#include <cstdint>
#include <vector>

namespace pare::mcu {

/// One class of a prefix code's symbols: all codewords with the same number of leading zeros.
struct PrefixClass {
  int first;       ///< the first symbol of the class
  int extra_bits;  ///< that follow the leading zeros and a 1: the class has 2^extra_bits symbols
};

/// A prefix code whose codewords' lengths follow from their leading zeros: class c is c zeros, a 1,
/// and some bits that tell its symbols apart. A processor that counts leading zeros decodes it
/// without a search, and of all such codes this is the shortest for given frequencies; Golomb-Rice
/// and Elias gamma codes are among them. Symbols are 0, 1, ... in their order.
/// Source: Golomb, "Run-Length Encodings", IEEE Trans. Inf. Theory 12 (1966), for equal classes.
class PrefixCode {
 public:
  /// The code with the fewest bits, its own table included, for symbols 0 to frequencies.size() - 1
  /// in codewords of at most `longest_bits`. Throws std::invalid_argument when there are no
  /// symbols, or more than 2^longest_bits - 1.
  PrefixCode(const std::vector<std::int64_t>& frequencies, int longest_bits);

  int length_bits(int symbol) const;

  /// The codeword, right-aligned.
  std::uint32_t codeword(int symbol) const;

  const std::vector<PrefixClass>& classes() const { return classes_; }

  /// As the kernel reads it, a word a class: 32 - length, length << 8, and in the upper half what
  /// turns the codeword into its symbol plus `offset`.
  std::vector<std::int32_t> table(int offset) const;

 private:
  std::size_t class_of(int symbol) const;

  std::vector<PrefixClass> classes_;
};

/// Bits, the first in the highest bit of the first byte.
class BitWriter {
 public:
  void write(std::uint32_t bits, int count);

  /// The bytes so far, the last one filled up with zeros.
  std::vector<std::uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  int used_ = 8;  // of the last byte's bits
};

}  // namespace pare::mcu
