#include "bench/validate.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "bench/host_latency.h"
#include "compress/pass.h"
#include "tests/helpers.h"

using namespace pare;
using bench::Agreement;
using bench::Bytes;
using bench::Inference;

namespace {

constexpr auto kInt8 = nn::Arithmetic::int8;
constexpr auto kFloat = nn::Arithmetic::float32;

/// Three vectors whose outputs are their inputs.
mcu::TestVectors echoes() {
  const std::vector<Bytes> bytes{{1, 2}, {3, 250}, {5, 6}};
  return {bytes, bytes};
}

Bytes floats(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// What two outputs may differ by.
const Eigen::MatrixXd kAllowed{{1e-5, 3e-5}};

/// One vector whose reference gives 1 and 2.
mcu::TestVectors one_and_two() { return {{{0}}, {floats({1, 2})}}; }

Agreement compare_floats(const std::vector<float>& outputs) {
  return bench::compare(kFloat, {[&](const Bytes&) { return floats(outputs); }}, one_and_two(),
                        kAllowed);
}

Bytes echo(const Bytes& inputs) { return inputs; }

nn::Model small_int8_model() {
  const nn::Split data = nn::make_sine({}, 1);
  return compress::run({compress::make_step("quantize_int8")}, tests::random_model({1, 6, 1}, 1),
                       {data.train, data.validation, {}, 1, {}})
      .model;
}

}  // namespace

TEST_CASE("implementations that give every byte right agree") {
  const Agreement agreement = bench::compare(kInt8, {echo, echo}, echoes(), {});
  CHECK(agreement.vectors == 3);
  CHECK(agreement.bit_exact == 3);
  CHECK(agreement.max_difference == 0);
  CHECK(agreement.agrees);
}

TEST_CASE("one wrong byte of one implementation is found, and by how much") {
  const Inference wrong = [](const Bytes& inputs) {
    Bytes outputs = inputs;
    if (outputs[1] == 250) outputs[1] = 2;  // -6 as int8
    return outputs;
  };
  for (const std::vector<Inference>& both : {std::vector{wrong, Inference(echo)}, {echo, wrong}}) {
    const Agreement agreement = bench::compare(kInt8, both, echoes(), {});
    CHECK(agreement.vectors == 3);
    CHECK(agreement.bit_exact == 2);
    CHECK(agreement.max_difference == 8);
    CHECK_FALSE(agreement.agrees);
  }
}

TEST_CASE("a vector that two implementations get wrong counts once") {
  const Inference zeros = [](const Bytes&) { return Bytes{0, 0}; };
  CHECK(bench::compare(kInt8, {zeros, zeros}, echoes(), {}).bit_exact == 0);
  CHECK(bench::compare(kInt8, {zeros, echo}, echoes(), {}).bit_exact == 0);
}

TEST_CASE("an output of the wrong size never agrees") {
  for (const Bytes& outputs : {Bytes{}, Bytes{1}, Bytes{1, 2, 3}}) {
    const Inference wrong = [&](const Bytes&) { return outputs; };
    const Agreement agreement = bench::compare(kInt8, {wrong}, echoes(), {});
    CHECK(agreement.bit_exact == 0);
    CHECK(std::isinf(agreement.max_difference));
    CHECK_FALSE(agreement.agrees);
  }
  CHECK(std::isinf(compare_floats({1}).max_difference));
  CHECK_FALSE(compare_floats({1, 2, 3}).agrees);
}

TEST_CASE("float32 outputs agree within what each may differ by, and not beyond it") {
  CHECK(compare_floats({1, 2}).agrees);
  const Agreement near = compare_floats({1, 2 + 2e-5F});
  CHECK(near.bit_exact == 0);
  CHECK(near.max_difference == doctest::Approx(1e-5).epsilon(0.1));
  CHECK(near.agrees);
  CHECK_FALSE(compare_floats({1 + 2e-5F, 2}).agrees);
  CHECK_FALSE(compare_floats({1, 2 + 4e-5F}).agrees);
}

TEST_CASE("a NaN never agrees, wherever it stands") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(compare_floats({kNan, 2}).agrees);
  CHECK_FALSE(compare_floats({1, kNan}).agrees);
  mcu::TestVectors twice = one_and_two();
  twice.inputs.push_back({1});
  twice.outputs.push_back(twice.outputs[0]);
  const Inference once = [&](const Bytes& inputs) {
    return floats({inputs[0] == 0 ? kNan : 1, 2});
  };
  const Inference right = [](const Bytes&) { return floats({1, 2}); };
  const Agreement agreement =
      bench::compare(kFloat, {once, right}, twice, kAllowed.replicate(2, 1));
  CHECK(std::isnan(agreement.max_difference));
  CHECK(agreement.bit_exact == 1);
  CHECK_FALSE(agreement.agrees);
}

TEST_CASE("the host's kernel agrees with the reference, and with no other model") {
  const nn::Matrix inputs = tests::random_matrix(50, 1, 2);
  for (const nn::Model& model : {small_int8_model(), tests::random_model({1, 6, 1}, 1)}) {
    mcu::HostKernel kernel(mcu::encode(model));
    const Inference infer = bench::inference_on(kernel);
    CHECK(bench::compare(model, {infer}, mcu::make_test_vectors(model, inputs, 50)).agrees);
    mcu::TestVectors other = mcu::make_test_vectors(model, inputs, 50);
    other.outputs[49][0] = static_cast<std::uint8_t>(other.outputs[49][0] ^ 1);
    CHECK(bench::compare(model, {infer}, other).bit_exact < 50);
  }
}

TEST_CASE("host latency is a positive time with a spread, for either arithmetic") {
  const nn::Matrix inputs = tests::random_matrix(20, 1, 2);
  for (const nn::Model& model : {small_int8_model(), tests::random_model({1, 6, 1}, 1)}) {
    const bench::HostLatency latency = bench::measure_host_latency(model, inputs);
    CHECK(latency.median_ns > 1);
    CHECK(latency.median_ns < 1e6);
    CHECK(latency.cv >= 0);
    CHECK(std::isfinite(latency.cv));
  }
}
