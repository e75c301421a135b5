#include <doctest/doctest.h>

#include <utility>

#include "bench/metrics/metric.h"

using namespace pare;

namespace {

/// outputs = inputs
nn::Model identity(nn::Index width) {
  return {{nn::DenseLayer{nn::Matrix::Identity(width, width), nn::Vector::Zero(width), {}}}};
}

nn::Dataset dataset(nn::Matrix inputs, nn::Matrix targets, nn::Task task) {
  nn::Dataset data;
  data.inputs = std::move(inputs);
  data.targets = std::move(targets);
  data.task = task;
  return data;
}

}  // namespace

TEST_CASE("regression errors are those computed by hand") {
  // Errors: 1, -3, 0, 0.
  const nn::Dataset data =
      dataset(nn::Matrix{{1, 2}, {3, 4}}, nn::Matrix{{0, 5}, {3, 4}}, nn::Task::regression);
  const bench::Scores accuracy = bench::measure_accuracy(identity(2), data);
  CHECK(accuracy.at("mse") == 2.5);
  CHECK(accuracy.at("mae") == 1);
  CHECK(accuracy.at("max_error") == 3);
  CHECK_FALSE(accuracy.contains("top1"));
}

TEST_CASE("R2 is the share of the variation that is explained, of several outputs their mean") {
  const nn::Matrix outputs{{1, 5}, {2, 5}, {3, 6}, {4, 8}};
  const nn::Matrix targets{{1, 5}, {2, 5}, {3, 6}, {5, 8}};
  const auto r2 = [&](const nn::Matrix& of) {
    return bench::measure_accuracy(identity(2), dataset(outputs, of, nn::Task::regression));
  };
  CHECK(r2(targets).at("r2") == doctest::Approx((1 - 1 / 8.75 + 1) / 2));
  CHECK_FALSE(r2(nn::Matrix::Constant(4, 2, 3)).contains("r2"));
}

TEST_CASE("top-1 is the percentage of samples whose largest output is the class") {
  const nn::Dataset data =
      dataset(nn::Matrix{{1, 2, 3}, {9, 2, 3}, {-3, -2, -9}, {0, 1, 0}},
              nn::Matrix{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {1, 0, 0}}, nn::Task::classification);
  const bench::Scores accuracy = bench::measure_accuracy(identity(3), data);
  CHECK(accuracy.at("top1") == 75);
  CHECK_FALSE(accuracy.contains("mse"));
  CHECK_FALSE(accuracy.contains("mae"));
  CHECK_FALSE(accuracy.contains("max_error"));
}

TEST_CASE("an int8 model is measured with the rounding of its integers") {
  // Everything in steps of 0.5: 0.7 goes in as 1 (0.5), and comes out as 0.5.
  nn::Int8Layer layer{nn::Int8Matrix::Constant(1, 1, 2),
                      nn::Int32Vector::Zero(1),
                      nn::Vector::Constant(1, 0.5F),
                      {0.5F, 0},
                      {0.5F, 0},
                      {}};
  const nn::Dataset data =
      dataset(nn::Matrix{{0.7F}, {1}}, nn::Matrix{{0.5F}, {2}}, nn::Task::regression);
  const bench::Scores accuracy = bench::measure_accuracy({{layer}}, data);
  CHECK(accuracy.at("mse") == 0.5);
  CHECK(accuracy.at("max_error") == 1);
}
