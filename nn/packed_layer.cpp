#include "nn/packed_layer.h"

#if defined(__AVX512VNNI__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>
#include <numeric>

#include "nn/activation.h"
#include "nn/fused.h"
#include "nn/product.h"
#include "nn/quantization.h"

namespace pare::nn {
namespace {

constexpr Index kRowBytes = 64;  // of the weights from one word to kLanes outputs

/// kLanes sums of a float layer, and what one input adds to them.
struct FloatSums {
  using Word = float;
  using Lanes [[gnu::vector_size(kRowBytes)]] = float;

  static void add(Lanes& sums, float word, const std::byte* weights) {
    Lanes row;
    std::memcpy(&row, weights, sizeof row);
    fused_multiply_add(sums, word, row);
  }
};

/// kLanes sums of an int8 layer, modulo 2^32, and what four inputs add to them.
struct Int8Sums {
  using Word = std::uint32_t;
  using Lanes [[gnu::vector_size(kRowBytes)]] = std::uint32_t;

  static void add(Lanes& sums, std::uint32_t word, const std::byte* weights) {
#if defined(__AVX512VNNI__)
    const __m512i inputs = _mm512_set1_epi32(static_cast<int>(word));
    const __m512i row = _mm512_loadu_si512(weights);
    sums =
        reinterpret_cast<Lanes>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sums), inputs, row));
#else
    std::int8_t row[kRowBytes];
    std::memcpy(row, weights, sizeof row);
    for (int lane = 0; lane < kLanes; ++lane) {
      int sum = 0;
      for (int i = 0; i < 4; ++i) {
        sum += row[4 * lane + i] * static_cast<int>(word >> (8 * i) & 0xFF);
      }
      sums[lane] += static_cast<std::uint32_t>(sum);
    }
#endif
  }
};

/// start + the sum of the rows of `weights`, each times its word.
template <class Sums>
struct Product {
  const std::byte* weights;
  Index stride;  // of its rows, in bytes
  const typename Sums::Word* words;
  const NonzeroWords& nonzeros;
  const void* start;
  void* sums;
};

/// `width` times kLanes of the sums, from lane `first` on, each taken in `kChains` chains.
template <class Sums, int kChains, int width>
void sum_panel(const Product<Sums>& product, Index first) {
  using Lanes = typename Sums::Lanes;
  Lanes sums[std::size_t{kChains}][std::size_t{width}] = {};
  const auto offset = static_cast<std::size_t>(first) * 4;
  std::memcpy(&sums[0], static_cast<const std::byte*>(product.start) + offset, sizeof sums[0]);
  const std::int32_t* const places = product.nonzeros.begin();
  for (Index i = 0; i < product.nonzeros.size(); i += kChains) {
    for (int chain = 0; chain < kChains; ++chain) {
      const Index place = places[i + chain];
      const std::byte* const row = product.weights + place * product.stride + offset;
      for (int v = 0; v < width; ++v) {
        Sums::add(sums[chain][v], product.words[place], row + v * kRowBytes);
      }
    }
  }
  for (int chain = 1; chain < kChains; ++chain) {
    for (int v = 0; v < width; ++v) sums[0][v] += sums[chain][v];
  }
  std::memcpy(static_cast<std::byte*>(product.sums) + offset, &sums[0], sizeof sums[0]);
}

#if defined(__AVX512F__)
constexpr int kWidest = 10;  // panels: their sums stay in registers
#else
constexpr int kWidest = 4;
#endif

template <class Sums, int kChains, int width>
void sum_panel(int vectors, const Product<Sums>& product, Index first) {
  if constexpr (width > 1) {
    if (vectors < width) {
      return sum_panel<Sums, kChains, width - 1>(vectors, product, first);
    }
  }
  sum_panel<Sums, kChains, width>(product, first);
}

/// A few sums are each taken in several chains: an addition takes longer than it keeps the
/// processor busy. The number of outputs alone decides, so that processors agree on the bytes.
template <class Sums>
void sum(const Product<Sums>& product, Index outputs) {
  constexpr int kFew = 2;
  const auto total = static_cast<int>(outputs / kLanes);
  if (total <= kFew) {
    return sum_panel<Sums, NonzeroWords::kChains, kFew>(total, product, 0);
  }
  const int panels = (total + kWidest - 1) / kWidest;
  for (int panel = 0, done = 0; panel < panels; ++panel) {
    const int vectors = (total - done) / (panels - panel);
    sum_panel<Sums, 1, kWidest>(vectors, product, done * kLanes);
    done += vectors;
  }
}

/// The weights to each output, and four inputs a word, as the sums read them.
Int8Matrix pack(const Int8Matrix& weights) {
  Int8Matrix packed = Int8Matrix::Zero((weights.cols() + 3) / 4 + 1,  // words of inputs, and one
                                       4 * whole_lanes(weights.rows()));
  for (Index row = 0; row < weights.rows(); ++row) {
    for (Index i = 0; i < weights.cols(); ++i) packed(i / 4, 4 * row + i % 4) = weights(row, i);
  }
  return packed;
}

}  // namespace

NonzeroWords::NonzeroWords(Index count)
    : count_(count),
      size_((count + kChains - 1) / kChains * kChains),
      places_(static_cast<std::size_t>(size_), static_cast<std::int32_t>(count)) {
  std::iota(places_.begin(), places_.begin() + count, 0);
}

template <class Word>
void NonzeroWords::find(const Word* words) {
  constexpr Index kFew = 32;
  if (count_ <= kFew) return;
  std::int32_t* const places = places_.data();
  Index found = 0;
  for (Index i = 0; i < count_; ++i) {
    places[found] = static_cast<std::int32_t>(i);
    found += words[i] != 0 ? 1 : 0;
  }
  size_ = (found + kChains - 1) / kChains * kChains;
  std::fill(places + found, places + size_, static_cast<std::int32_t>(count_));
}

PackedFloatLayer::PackedFloatLayer(const DenseLayer& layer)
    : weights_(Matrix::Zero(layer.weights.cols() + 1, whole_lanes(layer.weights.rows()))),
      bias_(Vector::Zero(weights_.cols())),
      outputs_(layer.weights.rows()),
      activation_(layer.activation),
      nonzeros_(layer.weights.cols()) {
  weights_.topLeftCorner(layer.weights.cols(), outputs_) = layer.weights.transpose();
  bias_.head(outputs_) = layer.bias;
}

void PackedFloatLayer::run(const float* inputs, float* outputs) {
  nonzeros_.find(inputs);
  sum<FloatSums>({reinterpret_cast<const std::byte*>(weights_.data()), 4 * weights_.cols(), inputs,
                  nonzeros_, bias_.data(), outputs},
                 weights_.cols());
  if (activation_ == Activation::relu) {
    for (Index i = 0; i < weights_.cols(); ++i) outputs[i] = std::max(outputs[i], 0.0F);
  } else if (activation_ != Activation::identity) {
    activate(activation_, Eigen::Map<Matrix>(outputs, 1, outputs_));
  }
}

PackedInt8Layer::PackedInt8Layer(const Int8Layer& layer)
    : weights_(pack(layer.weights)),
      bias_(Int32Vector::Zero(weights_.cols() / 4)),
      left_shift_(bias_),
      multiplier_(bias_),
      half_(bias_),
      right_shift_(bias_),
      sums_(bias_),
      zero_point_(requantized(layer).zero_point),
      least_(layer.activation == Activation::relu ? zero_point_ : -128),
      requantizing_(layer.requantizing),
      has_table_(has_table(layer.activation)),
      nonzeros_(weights_.rows() - 1) {
  for (Index row = 0; row < layer.weights.rows(); ++row) {
    // Inputs come plus 128: weights * (inputs - zero point) is that less (128 + zero point) * sum.
    const std::int32_t sum = layer.weights.row(row).cast<std::int32_t>().sum();
    bias_[row] = layer.bias[row] - (128 + layer.input.zero_point) * sum;
    const FixedPointMultiplier factor = row_multiplier(layer, row);
    left_shift_[row] = std::max(factor.shift, 0);
    multiplier_[row] = factor.multiplier;
    right_shift_[row] = std::max(-factor.shift, 0);
    half_[row] = right_shift_[row] > 0 ? 1 << (right_shift_[row] - 1) : 0;
  }
  if (!has_table_) return;
  const auto table = make_table(layer);
  for (std::size_t i = 0; i < 256; ++i) table_[i] = static_cast<std::uint8_t>(table[i] + 128);
}

namespace {

/// nn::requantize of TFLite's double rounding: floor(product / 2^31 + 1/2), and then half away from
/// zero, for h < 0 floor((h - 1 + half) / 2^r).
struct RoundTwice {
  static std::int32_t output(std::int64_t product, std::int32_t half, std::int32_t right_shift) {
    const auto high = static_cast<std::int32_t>((product + (std::int64_t{1} << 30)) >> 31);
    const std::int32_t negative = half > 0 ? high >> 31 : 0;
    return (high + negative + half) >> right_shift;
  }
};

struct RoundOnce {
  static std::int32_t output(std::int64_t product, std::int32_t /*half*/,
                             std::int32_t right_shift) {
    return static_cast<std::int32_t>((product + (std::int64_t{1} << (30 + right_shift))) >>
                                     (31 + right_shift));
  }
};

}  // namespace

template <class Rounding>
void PackedInt8Layer::requantize(std::uint8_t* outputs) const {
  // As locals: a byte that is written could be part of a member, and would keep this from being
  // vectorized.
  const Index count = sums_.size();
  const std::int32_t zero_point = zero_point_;
  const std::int32_t least = least_;
  const std::int32_t* const sums = sums_.data();
  const std::int32_t* const left_shift = left_shift_.data();
  const std::int32_t* const multiplier = multiplier_.data();
  const std::int32_t* const half = half_.data();
  const std::int32_t* const right_shift = right_shift_.data();
  for (Index i = 0; i < count; ++i) {
    const std::int64_t product = std::int64_t{sums[i] << left_shift[i]} * multiplier[i];
    const std::int32_t y = Rounding::output(product, half[i], right_shift[i]) + zero_point;
    outputs[i] = static_cast<std::uint8_t>(std::min(std::max(y, least), 127) + 128);
  }
}

void PackedInt8Layer::run(const std::uint32_t* inputs, std::uint32_t* outputs) {
  nonzeros_.find(inputs);
  sum<Int8Sums>({reinterpret_cast<const std::byte*>(weights_.data()), weights_.cols(), inputs,
                 nonzeros_, bias_.data(), sums_.data()},
                bias_.size());
  auto* const bytes = reinterpret_cast<std::uint8_t*>(outputs);
  if (requantizing_ == Requantizing::double_rounding) {
    requantize<RoundTwice>(bytes);
  } else {
    requantize<RoundOnce>(bytes);
  }
  if (has_table_) {
    for (Index i = 0; i < bias_.size(); ++i) bytes[i] = table_[bytes[i]];
  }
}

}  // namespace pare::nn
