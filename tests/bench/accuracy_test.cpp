#include <doctest/doctest.h>

#include <cmath>
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

TEST_CASE("the scores of a classifier are those computed by hand") {
  // Of three classes with 4, 1 and 1 samples: one of the first is taken for the second, and the
  // third for the first.
  nn::Model model = identity(3);
  model.outputs.meaning = nn::Meaning::probabilities;
  const nn::Matrix probabilities{{0.8F, 0.1F, 0.1F}, {0.6F, 0.3F, 0.1F}, {0.7F, 0.2F, 0.1F},
                                 {0.3F, 0.6F, 0.1F}, {0.2F, 0.7F, 0.1F}, {0.5F, 0.1F, 0.4F}};
  const nn::Matrix targets{{1, 0, 0}, {1, 0, 0}, {1, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  const nn::Matrix logits = probabilities.array().log();
  const bench::Scores scores =
      bench::measure_accuracy(model, dataset(logits, targets, nn::Task::classification));
  CHECK(scores.at("top1") == doctest::Approx(100 * 4 / 6.0));
  CHECK(scores.at("balanced") == doctest::Approx(100 * (0.75 + 1 + 0) / 3));
  CHECK(scores.at("macro_f1") == doctest::Approx((0.75 + 2 / 3.0 + 0) / 3));
  // First against the rest: 4 * 2 pairs, of which (0.3, 0.5) is wrong; second: 5 of 5; third: 5
  // of 5.
  CHECK(scores.at("auc") == doctest::Approx((7 / 8.0 + 1 + 1) / 3));
  CHECK(scores.at("log_loss") ==
        doctest::Approx(-std::log(0.8 * 0.6 * 0.7 * 0.3 * 0.7 * 0.4) / 6).epsilon(1e-5));
  // Bins of 1/15: 0.8 (right), 0.7 (both right), 0.6 (one of two right), 0.5 (wrong).
  CHECK(scores.at("calibration_error") ==
        doctest::Approx((0.2 + 0.6 + 0.2 + 0.5) / 6).epsilon(1e-5));
}

TEST_CASE("a score that is not defined is left out") {
  nn::Model model = identity(2);
  model.outputs.meaning = nn::Meaning::logits;
  const nn::Matrix inputs{{1, 0}, {0, 1}};
  const bench::Scores even = bench::measure_accuracy(
      model, dataset(inputs, nn::Matrix{{1, 0}, {0, 1}}, nn::Task::classification));
  CHECK_FALSE(even.contains("balanced"));
  CHECK(even.at("auc") == 1);
  const bench::Scores one = bench::measure_accuracy(
      model, dataset(inputs, nn::Matrix{{1, 0}, {1, 0}}, nn::Task::classification));
  CHECK_FALSE(one.contains("auc"));
  CHECK_FALSE(one.contains("macro_f1"));
  CHECK(one.at("top1") == 50);
}

TEST_CASE("equal scores count half in the area under the ROC curve") {
  nn::Model model = identity(2);
  model.outputs.meaning = nn::Meaning::logits;
  const nn::Matrix inputs{{0, 0}, {0, 0}, {0, 1}, {1, 0}};
  const nn::Matrix targets{{1, 0}, {0, 1}, {0, 1}, {1, 0}};
  CHECK(bench::measure_accuracy(model, dataset(inputs, targets, nn::Task::classification))
            .at("auc") == doctest::Approx(3.5 / 4));
}
