#include "nn/elementary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "nn/random.h"

namespace elementary = pare::nn::elementary;

namespace {

/// How far `found` is from `exact`, in units in the last place of the latter.
template <class Float>
double units_off(Float found, long double exact) {
  int exponent = 0;
  std::frexp(exact, &exponent);
  using Limits = std::numeric_limits<Float>;
  const int last = std::max(exponent, Limits::min_exponent) - Limits::digits;
  return static_cast<double>(std::abs(std::ldexp(static_cast<long double>(found) - exact, -last)));
}

/// The greatest units_off over `count` random x in [low, high].
template <class Float, class Function, class Exact>
double most_off(double low, double high, Function function, Exact exact) {
  pare::nn::Random random(1);
  double most = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto x = static_cast<Float>(random.uniform(low, high));
    most = std::max(most, units_off<Float>(function(x), exact(static_cast<long double>(x))));
  }
  return most;
}

const auto kExp = [](long double x) { return std::exp(x); };
const auto kTanh = [](long double x) { return std::tanh(x); };

}  // namespace

TEST_CASE("exp, tanh and logistic in float are within 2 or 3 units in the last place") {
  const auto exp = [](float x) { return elementary::exp(x); };
  CHECK(most_off<float>(-104, 88.7, exp, kExp) < 2);
  CHECK(most_off<float>(-1, 1, exp, kExp) < 2);
  const auto tanh = [](float x) { return elementary::tanh(x); };
  CHECK(most_off<float>(-12, 12, tanh, kTanh) < 2);
  CHECK(most_off<float>(-1e-3, 1e-3, tanh, kTanh) < 2);
  CHECK(most_off<float>(
            -87, 20, [](float x) { return elementary::logistic(x); },
            [](long double x) { return 1 / (1 + std::exp(-x)); }) < 3);
}

TEST_CASE("exp, log, sin and cos in double are within 3 units in the last place") {
  const auto exp = [](double x) { return elementary::exp(x); };
  CHECK(most_off<double>(-708, 709, exp, kExp) < 2);
  CHECK(most_off<double>(-1, 1, exp, kExp) < 2);
  const auto log = [](double x) { return elementary::log(x); };
  const auto exact_log = [](long double x) { return std::log(x); };
  CHECK(most_off<double>(0.5, 2, log, exact_log) < 3);
  CHECK(most_off<double>(0, 1e-300, log, exact_log) < 3);
  CHECK(most_off<double>(0, 1e300, log, exact_log) < 3);
  for (const double most : {1.0, 7.0, 1e6}) {
    CAPTURE(most);
    CHECK(most_off<double>(
              -most, most, [](double x) { return elementary::sin(x); },
              [](long double x) { return std::sin(x); }) < 3);
    CHECK(most_off<double>(
              -most, most, [](double x) { return elementary::cos(x); },
              [](long double x) { return std::cos(x); }) < 3);
  }
}

TEST_CASE("tanh in double is right to the last of 52 bits after the point") {
  pare::nn::Random random(2);
  for (int i = 0; i < 10'000; ++i) {
    const double x = random.uniform(-40, 40) * random.uniform(0, 1);
    CHECK(std::abs(elementary::tanh(x) - std::tanh(x)) < 0x1p-51);
  }
}

TEST_CASE("the elementary functions go where they should at their ends") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  CHECK(elementary::exp(0.0F) == 1);
  CHECK(elementary::exp(kInfinity) == kInfinity);
  CHECK(elementary::exp(-kInfinity) == 0);
  CHECK(std::isnan(elementary::exp(std::nanf(""))));
  CHECK(elementary::tanh(kInfinity) == 1);
  CHECK(elementary::tanh(-kInfinity) == -1);
  CHECK(std::signbit(elementary::tanh(-0.0F)));
  CHECK(elementary::logistic(-kInfinity) == 0);
  CHECK(elementary::logistic(kInfinity) == 1);
  CHECK(elementary::exp(1e4) == double{kInfinity});
  CHECK(elementary::exp(-1e4) == 0);
  CHECK(std::isnan(elementary::exp(std::nan(""))));
  CHECK(elementary::log(1.0) == 0);
  CHECK(elementary::log(0.0) == -double{kInfinity});
  CHECK(elementary::log(double{kInfinity}) == double{kInfinity});
  CHECK(std::isnan(elementary::log(-1.0)));
  CHECK(elementary::sin(0.0) == 0);
  CHECK(elementary::cos(0.0) == 1);
}

TEST_CASE("a loop over many numbers gives the bytes of one after the other") {
  std::vector<float> together;
  for (int i = 0; i < 1003; ++i) together.push_back(0.17F * static_cast<float>(i - 500));
  const std::vector<float> inputs = together;
  for (float& x : together) x = elementary::tanh(x) + elementary::exp(x);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const volatile float x = inputs[i];  // keeps the compiler from making vectors of this loop
    CHECK(together[i] == elementary::tanh(x) + elementary::exp(x));
  }
}
