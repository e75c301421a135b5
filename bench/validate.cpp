#include "bench/validate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "nn/rounding_bound.h"

namespace pare::bench {
namespace {

/// The larger of two; a NaN is the largest, and stays.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

template <class T>
std::vector<T> values_of(const Bytes& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

/// Looks at one vector's outputs; false unless they agree with the reference.
template <class T>
bool look(const Bytes& outputs, const Bytes& reference, const double* allowed, double& largest) {
  if (outputs.size() != reference.size()) {
    largest = larger(std::numeric_limits<double>::infinity(), largest);
    return false;
  }
  const std::vector<T> found = values_of<T>(outputs);
  const std::vector<T> expected = values_of<T>(reference);
  bool agrees = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto right = static_cast<double>(expected[i]);
    const double difference = std::abs(static_cast<double>(found[i]) - right);
    const double unit = std::is_integral_v<T> ? 1 : std::max(1.0, std::abs(right));
    largest = larger(difference / unit, largest);
    agrees = agrees && difference <= (allowed == nullptr ? 0 : allowed[i]);
  }
  return agrees;
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

Eigen::MatrixXd allowed_differences(const nn::Model& model, const nn::Matrix& inputs) {
  return 2 * nn::rounding_bound(model, inputs);
}

Agreement compare(nn::Arithmetic arithmetic, const std::vector<Inference>& implementations,
                  const mcu::TestVectors& vectors, const Eigen::MatrixXd& allowed) {
  Agreement agreement;
  agreement.vectors = vectors.inputs.size();
  for (std::size_t i = 0; i < vectors.inputs.size(); ++i) {
    const Eigen::VectorXd of_vector =
        allowed.size() > 0 ? allowed.row(static_cast<Eigen::Index>(i)).transpose().eval()
                           : Eigen::VectorXd();
    bool exact = true;
    for (const Inference& infer : implementations) {
      const Bytes outputs = infer(vectors.inputs[i]);
      const Bytes& expected = vectors.outputs[i];
      exact = exact && outputs == expected;
      const bool agrees =
          arithmetic == nn::Arithmetic::int8
              ? look<std::int8_t>(outputs, expected, nullptr, agreement.max_difference)
              : look<float>(outputs, expected, of_vector.data(), agreement.max_difference);
      agreement.agrees = agreement.agrees && agrees;
    }
    agreement.bit_exact += exact ? 1 : 0;
  }
  return agreement;
}

Agreement compare(const nn::Model& model, const std::vector<Inference>& implementations,
                  const mcu::TestVectors& vectors) {
  if (nn::arithmetic(model) == nn::Arithmetic::int8) {
    return compare(nn::Arithmetic::int8, implementations, vectors, {});
  }
  nn::Matrix inputs(static_cast<nn::Index>(vectors.inputs.size()), nn::input_count(model));
  for (nn::Index i = 0; i < inputs.rows(); ++i) {
    const std::vector<float> values = values_of<float>(vectors.inputs[static_cast<std::size_t>(i)]);
    std::copy(values.begin(), values.end(), inputs.row(i).data());
  }
  return compare(nn::Arithmetic::float32, implementations, vectors,
                 allowed_differences(model, inputs));
}

}  // namespace pare::bench
