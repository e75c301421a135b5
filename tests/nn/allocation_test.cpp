#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>

#include "nn/train.h"
#include "tests/helpers.h"

// The sanitizers have a malloc of their own.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

namespace {

std::atomic<long> allocations = 0;

}  // namespace

extern "C" void* __libc_malloc(std::size_t size);  // NOLINT: the name is glibc's

/// In place of the library's: operator new and Eigen allocate through it.
extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

using namespace pare::nn;

TEST_CASE("training allocates nothing from one epoch to the next") {
  Dataset data{
      pare::tests::random_matrix(150, 30, 1), Matrix::Zero(150, 3), Task::classification, {}};
  for (Index i = 0; i < 150; ++i) data.targets(i, i % 3) = 1;
  const Model start = pare::tests::random_model({30, 40, 17, 3}, 2);
  TrainOptions options;
  options.epochs = 4;
  options.label_smoothing = 0.1;
  const auto allocations_of_epochs = [&](double dropout, int threads, const WeightView& view) {
    options.dropout = dropout;
    options.threads = threads;
    std::vector<long> counts;
    counts.reserve(4);
    train(start, data, options, 1,
          {.objective = {}, .view = view, .validation = {}, .on_epoch = [&](int, double) {
             counts.push_back(allocations);
           }});
    return counts.back() - counts.front();
  };
  const long before = allocations;
  CHECK(allocations_of_epochs(0, 1, {}) == 0);
  CHECK(allocations > before);  // the count counts: the buffers are made once
  CHECK(allocations_of_epochs(0.2, 2, keep_zeros(start)) == 0);
}

#endif
