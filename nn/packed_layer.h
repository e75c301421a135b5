#pragma once

#include <array>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// The words of a layer's input that are not 0, and so the rows of its weights that count.
class NonzeroWords {
 public:
  /// For inputs of `count` words. Where they are few, all of them count: looking costs more.
  explicit NonzeroWords(Index count);

  /// Notes which of `words` [count, then one that is 0] are not 0.
  template <class Word>
  void find(const Word* words);

  /// Their places, then as often as makes a multiple of kChains the place of the last word's
  /// successor, which is 0.
  const std::int32_t* begin() const { return places_.data(); }
  Index size() const { return size_; }

  static constexpr Index kChains = 4;

 private:
  Index count_;
  Index size_;
  std::vector<std::int32_t> places_;
};

/// A float layer with its weights in the order in which one inference reads them: for each input
/// the weights to 16 outputs at a time, side by side.
class PackedFloatLayer {
 public:
  explicit PackedFloatLayer(const DenseLayer& layer);

  Index input_words() const { return weights_.rows() - 1; }
  Index output_words() const { return weights_.cols(); }

  /// One sample: inputs [input_words() + 1], the last 0; outputs [output_words()], 0 where the
  /// layer has none.
  void run(const float* inputs, float* outputs);

 private:
  Matrix weights_;  // [inputs + 1, outputs in whole lanes], the last row 0
  Vector bias_;     // [outputs in whole lanes]
  Index outputs_;
  Activation activation_;
  NonzeroWords nonzeros_;
};

/// The same for an int8 layer, whose words are four inputs, each plus 128. Its integers are those
/// of forward_int8.
class PackedInt8Layer {
 public:
  explicit PackedInt8Layer(const Int8Layer& layer);

  Index input_words() const { return weights_.rows() - 1; }
  Index output_words() const { return bias_.size() / 4; }

  /// One sample: inputs [input_words() + 1], the last 0; outputs [output_words()].
  void run(const std::uint32_t* inputs, std::uint32_t* outputs);

 private:
  template <class Rounding>
  void requantize(std::uint8_t* outputs) const;

  Int8Matrix weights_;  // [input words + 1, 4 * outputs in whole lanes], the last row 0
  Int32Vector bias_;    // all of these [outputs in whole lanes]; with what the zero points add
  Int32Vector left_shift_;
  Int32Vector multiplier_;
  Int32Vector half_;  // of what the right shift cuts off; 0 without one
  Int32Vector right_shift_;
  Int32Vector sums_;
  std::int32_t zero_point_;
  std::int32_t least_;
  Requantizing requantizing_;
  std::array<std::uint8_t, 256> table_;  // from an output plus 128 to what it becomes, plus 128
  bool has_table_;
  NonzeroWords nonzeros_;
};

}  // namespace pare::nn
