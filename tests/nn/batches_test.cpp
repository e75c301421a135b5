#include "nn/batches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/helpers.h"

using namespace pare::nn;

namespace {

/// Every batch's rows of one epoch.
std::vector<Index> rows_of_epoch(Batches& batches) {
  std::vector<Index> rows;
  for (Index i = 0; i < batches.count(); ++i) {
    const Batch batch = batches.gather(i);
    rows.insert(rows.end(), batch.rows.begin(), batch.rows.end());
  }
  return rows;
}

}  // namespace

TEST_CASE("an epoch holds every sample once, in an order of its own, the last batch smaller") {
  const Matrix inputs = pare::tests::random_matrix(10, 2, 1);
  const Matrix targets = pare::tests::random_matrix(10, 1, 2);
  TrainOptions options;
  options.batch_size = 4;
  Batches batches(inputs, targets, {}, {}, options, 7);
  CHECK(batches.count() == 3);
  CHECK(batches.gather(2).inputs.rows() == 2);
  batches.shuffle();
  const std::vector<Index> first = rows_of_epoch(batches);
  batches.shuffle();
  const std::vector<Index> second = rows_of_epoch(batches);
  CHECK(std::set<Index>(first.begin(), first.end()).size() == 10);
  CHECK(first != second);
  const Batch batch = batches.gather(1);
  CHECK(batch.inputs.row(3) == inputs.row(batch.rows[3]));
  CHECK(batch.targets.row(3) == targets.row(batch.rows[3]));
}

TEST_CASE("images are mirrored and moved, and what comes in is blank") {
  // One image of 2 x 3 pixels: all the ways that a shift of at most 1 and a flip can show it.
  const Matrix image{{1, 2, 3, 4, 5, 6}};
  const Matrix target{{0}};
  TrainOptions options;
  options.shift = 1;
  options.flip = true;
  Batches batches(image, target, {2, 3}, Eigen::RowVectorXf::Constant(6, -9), options, 3);
  std::set<std::vector<float>> seen;
  for (int i = 0; i < 500; ++i) {
    const Batch batch = batches.gather(0);
    seen.insert({batch.inputs.data(), batch.inputs.data() + 6});
  }
  CHECK(seen.size() == 18);  // 3 x 3 shifts, mirrored or not
  CHECK(seen.contains({1, 2, 3, 4, 5, 6}));
  CHECK(seen.contains({3, 2, 1, 6, 5, 4}));
  CHECK(seen.contains({-9, 1, 2, -9, 4, 5}));   // one to the right
  CHECK(seen.contains({-9, -9, -9, 1, 2, 3}));  // one down
  CHECK(seen.contains({2, 1, -9, 5, 4, -9}));   // mirrored, one to the left
}

TEST_CASE("flip and shift are refused where the inputs are no images") {
  const Matrix inputs = pare::tests::random_matrix(4, 2, 1);
  TrainOptions options;
  options.shift = 1;
  CHECK_THROWS_WITH(Batches(inputs, inputs, {}, {}, options, 1),
                    "flip and shift need images; these inputs are none");
}
