#include "compress/calibration.h"

#include <doctest/doctest.h>

#include <cmath>

#include "compress/pass.h"
#include "tests/helpers.h"

using namespace pare;
using compress::Histogram;

TEST_CASE("a histogram counts what is not zero, over the whole range") {
  const Histogram counted = compress::histogram(nn::Matrix{{0, 0, -1, 0.1F, 2.9F, 3}}, 4);
  CHECK(counted.low == -1);
  CHECK(counted.high == 3);
  CHECK(counted.counts == std::vector<double>{1, 1, 0, 2});
}

TEST_CASE("the entropy threshold keeps a distribution that the levels show exactly") {
  // Pairs of equal bins: two bins a level lose nothing, and no other width is free of loss.
  Histogram pairs{0, 8, {9, 9, 1, 1, 7, 7, 2, 2}};
  CHECK(compress::entropy_threshold(pairs, 4) == 8);
}

TEST_CASE("the entropy threshold cuts a thin tail off, as its definition by hand says") {
  // Two levels over four bins: KL = (800 log(800/600) + 400 log(400/600)) / 1201 = 0.057. Over two
  // bins nothing is merged, and saturating one value in 1,201 costs next to nothing.
  Histogram tail{0, 4, {800, 400, 0, 1}};
  CHECK(compress::entropy_threshold(tail, 2) == 2);
  // A tail as heavy as the body stays: saturating it would cost more than merging.
  Histogram heavy{0, 4, {410, 400, 390, 400}};
  CHECK(compress::entropy_threshold(heavy, 2) == 4);
}

TEST_CASE("the entropy threshold does not cut off what lies far from 0") {
  // At the first bin that is not empty p and q would both be that one bin.
  Histogram far{0, 8, {0, 0, 0, 0, 0, 0, 5, 5}};
  CHECK(compress::entropy_threshold(far, 4) == 8);
  nn::Matrix values(200, 1);
  for (nn::Index i = 0; i < 200; ++i) values(i, 0) = 4 + 0.01F * static_cast<float>(i);
  compress::Options options("test", {{"calibration", {std::string("entropy"), ""}}});
  CHECK(compress::Calibrator(options)(values).scale == doctest::Approx(5.99 / 255).epsilon(0.01));
}

TEST_CASE("the mse range leaves a lone outlier out and keeps an even spread") {
  Histogram outlier{0, 100, std::vector<double>(2048, 0)};
  for (std::size_t i = 0; i < 20; ++i) outlier.counts[i] = 1e6;  // within [0, 1]
  outlier.counts.back() = 1;
  const compress::Range cut = compress::mse_range(outlier);
  CHECK(cut.low == 0);
  CHECK(cut.high == doctest::Approx(5));
  const Histogram even{-1, 1, std::vector<double>(2048, 5)};
  CHECK(compress::mse_range(even).low <= -0.99);
  CHECK(compress::mse_range(even).high >= 0.99);
}

TEST_CASE("every calibration gives the same range where there is nothing to cut off") {
  const nn::Matrix values = tests::random_matrix(3000, 4, 5);
  for (const char* word : {"min_max", "percentile", "entropy", "mse"}) {
    CAPTURE(word);
    compress::Options options("test", {{"calibration", {std::string(word), ""}}});
    const nn::Quantization found = compress::Calibrator(options)(values);
    CHECK(found.scale == doctest::Approx(2.0 / 255).epsilon(0.02));
    CHECK(std::abs(found.zero_point) <= 1);
  }
}

TEST_CASE("every calibration copes with a tensor that is zero throughout") {
  for (const char* word : {"min_max", "percentile", "entropy", "mse"}) {
    CAPTURE(word);
    compress::Options options("test", {{"calibration", {std::string(word), ""}}});
    CHECK(compress::Calibrator(options)(nn::Matrix::Zero(5, 2)).scale == 1);
  }
}
