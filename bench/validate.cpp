#include "bench/validate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace pare::bench {
namespace {

/// The larger of two; a NaN is the largest, and stays.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

template <class T>
double largest_difference(const Bytes& outputs, const Bytes& reference) {
  if (outputs.size() != reference.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i + sizeof(T) <= outputs.size(); i += sizeof(T)) {
    T output;
    T expected;
    std::memcpy(&output, outputs.data() + i, sizeof(T));
    std::memcpy(&expected, reference.data() + i, sizeof(T));
    const double unit =
        std::is_integral_v<T> ? 1 : std::max(1.0, std::abs(static_cast<double>(expected)));
    largest = larger(std::abs(static_cast<double>(output) - static_cast<double>(expected)) / unit,
                     largest);
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
