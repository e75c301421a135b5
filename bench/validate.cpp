#include "bench/validate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace pare::bench {
namespace {

/// The larger of two; a NaN is the largest, and stays.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

template <class T>
double largest_difference(const Bytes& a, const Bytes& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i + sizeof(T) <= a.size(); i += sizeof(T)) {
    T left;
    T right;
    std::memcpy(&left, a.data() + i, sizeof(T));
    std::memcpy(&right, b.data() + i, sizeof(T));
    largest = larger(std::abs(static_cast<double>(left) - static_cast<double>(right)), largest);
  }
  return largest;
}

}  // namespace

Inference inference_on(mcu::HostKernel& kernel) {
  const auto outputs = static_cast<std::size_t>(mcu::output_count(kernel.model()));
  const std::size_t bytes = outputs * mcu::value_bytes(kernel.model());
  return [&kernel, bytes](const Bytes& inputs) {
    Bytes result(bytes);
    kernel.infer(inputs.data(), result.data());
    return result;
  };
}

Agreement compare(nn::Arithmetic arithmetic, const std::vector<Inference>& implementations,
                  const mcu::TestVectors& vectors) {
  Agreement agreement;
  agreement.vectors = vectors.inputs.size();
  for (std::size_t i = 0; i < vectors.inputs.size(); ++i) {
    bool exact = true;
    for (const Inference& infer : implementations) {
      const Bytes outputs = infer(vectors.inputs[i]);
      exact = exact && outputs == vectors.outputs[i];
      const double difference = arithmetic == nn::Arithmetic::int8
                                    ? largest_difference<std::int8_t>(outputs, vectors.outputs[i])
                                    : largest_difference<float>(outputs, vectors.outputs[i]);
      agreement.max_difference = larger(difference, agreement.max_difference);
    }
    agreement.bit_exact += exact ? 1 : 0;
  }
  return agreement;
}

bool agrees(nn::Arithmetic arithmetic, const Agreement& agreement) {
  return arithmetic == nn::Arithmetic::int8 ? agreement.bit_exact == agreement.vectors
                                            : agreement.max_difference <= kFloatTolerance;
}

}  // namespace pare::bench
