#include "bench/board_peers.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "bench/kernels.h"
#include "nn/mlp.h"
#include "tests/helpers.h"

using namespace pare;

namespace {

/// A library with the interface of CMSIS-NN that ./pare bench kernels uses, written as TFLite
/// defines the arithmetic.
constexpr const char* kHeader = R"(#pragma once
#include <stdint.h>
typedef enum { ARM_CMSIS_NN_SUCCESS = 0 } arm_cmsis_nn_status;
typedef struct { void *buf; int32_t size; } cmsis_nn_context;
typedef struct { int32_t min, max; } cmsis_nn_activation;
typedef struct { int32_t n, h, w, c; } cmsis_nn_dims;
typedef struct { int32_t input_offset, filter_offset, output_offset; cmsis_nn_activation activation; }
    cmsis_nn_fc_params;
typedef struct { int32_t multiplier, shift; } cmsis_nn_per_tensor_quant_params;
#ifdef __cplusplus
extern "C"
#endif
arm_cmsis_nn_status arm_fully_connected_s8(
    const cmsis_nn_context *, const cmsis_nn_fc_params *, const cmsis_nn_per_tensor_quant_params *,
    const cmsis_nn_dims *, const int8_t *, const cmsis_nn_dims *, const int8_t *,
    const cmsis_nn_dims *, const int32_t *, const cmsis_nn_dims *, int8_t *);
)";

constexpr const char* kSource = R"(#include "arm_nnfunctions.h"
arm_cmsis_nn_status arm_fully_connected_s8(
    const cmsis_nn_context *c, const cmsis_nn_fc_params *p,
    const cmsis_nn_per_tensor_quant_params *q, const cmsis_nn_dims *di, const int8_t *in,
    const cmsis_nn_dims *df, const int8_t *w, const cmsis_nn_dims *db, const int32_t *bias,
    const cmsis_nn_dims *dout, int8_t *out) {
  for (int o = 0; o < dout->c; ++o) {
    int32_t sum = bias[o];
    for (int i = 0; i < df->n; ++i)
      sum += (in[i] + p->input_offset) * (w[o * df->n + i] + p->filter_offset);
    const int64_t product = (int64_t)sum * q->multiplier;
    const int32_t high = (int32_t)((product + (1 << 30)) >> 31);
    const int right = -q->shift;
    const int32_t rest = high & ((1 << right) - 1);
    int32_t y = (high >> right) + (rest > ((1 << right) - 1) / 2 + (high < 0));
    y += p->output_offset;
    out[o] = (int8_t)(y < p->activation.min ? p->activation.min
                                            : y > p->activation.max ? p->activation.max : y);
  }
  return ARM_CMSIS_NN_SUCCESS;
}
)";

}  // namespace

TEST_CASE("a checkout of CMSIS-NN is built, checked against the reference and measured" *
          doctest::test_suite("slow")) {
  const tests::Folder folder;
  for (const char* part :
       {"Include", "Source/FullyConnectedFunctions", "Source/NNSupportFunctions"}) {
    std::filesystem::create_directories(folder.path() / part);
  }
  folder.write("Include/arm_nnfunctions.h", kHeader);
  folder.write("Source/FullyConnectedFunctions/arm_fully_connected_s8.c", kSource);
  folder.write("Source/NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c", "typedef int nothing;\n");
  const bench::CmsisNn library(folder.path());
  CHECK(library.version() == folder.path());  // it is no checkout of git's

  const nn::Model model = bench::one_scale_a_layer(bench::random_int8_model({5, 8, 3}));
  const nn::Matrix inputs = tests::random_matrix(16, 5, 1);
  const bench::BoardFigures theirs = library.measure(model, inputs, "-Os");
  const bench::BoardFigures plain = bench::measure_plain_c(model, inputs, "-Os");
  CHECK(theirs.ram_bytes == plain.ram_bytes);
  CHECK(theirs.ram_bytes == 8 + 5 + 3);
  CHECK(theirs.instructions > plain.instructions);
  CHECK(theirs.cycles_estimate > theirs.instructions);
  CHECK(theirs.flash_bytes > plain.flash_bytes);

  folder.write("Source/FullyConnectedFunctions/arm_fully_connected_s8.c",
               fmt::format("{}#error cut\n", kSource));
  CHECK_THROWS_WITH_AS(library.measure(model, inputs, "-Os"), doctest::Contains("#error cut"),
                       std::runtime_error);
}

TEST_CASE("a peer whose outputs are not the reference's is refused" * doctest::test_suite("slow")) {
  // The plain C loop takes the first row's scale for all.
  CHECK_THROWS_WITH_AS(bench::measure_plain_c(bench::random_int8_model({5, 8, 3}),
                                              tests::random_matrix(16, 5, 1), "-Os"),
                       doctest::Contains("does not give the reference's outputs"),
                       std::runtime_error);
}

TEST_CASE("a folder without CMSIS-NN is refused") {
  const tests::Folder folder;
  CHECK_THROWS_WITH_AS(bench::CmsisNn(folder.path()),
                       (folder.path().string() +
                        " holds no Include/arm_nnfunctions.h: --cmsis-nn takes a checkout of "
                        "https://github.com/ARM-software/CMSIS-NN")
                           .c_str(),
                       std::invalid_argument);
}
