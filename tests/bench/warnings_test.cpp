#include "bench/warnings.h"

#include <doctest/doctest.h>

#include "bench/metrics/metric.h"
#include "compress/pass.h"
#include "tests/helpers.h"

using namespace pare;
using bench::find_warnings;
using bench::Row;

namespace {

/// Samples of two features, of which the second is `narrow` times as wide as the first, and a
/// target around `offset`.
nn::Dataset samples(float narrow, float offset) {
  nn::Dataset data{tests::random_matrix(100, 2, 1), nn::Matrix(100, 1), nn::Task::regression, {}};
  data.inputs.col(1) *= narrow;
  data.targets = data.inputs.col(0).array() + offset;
  data.feature_names = {"wide", "narrow"};
  return data;
}

/// A model that gives the first feature plus `offset`.
nn::Model exact_model(float offset) {
  return {{nn::DenseLayer{nn::Matrix{{1, 0}}, nn::Vector{{offset}}, nn::Activation::identity}}};
}

nn::Model quantized(const nn::Model& model, const nn::Dataset& data) {
  return compress::run({compress::make_step("quantize_int8")}, model, {data, data, {}, 1, {}})
      .model;
}

Row measured(const nn::Model& model, const nn::Dataset& data) {
  Row row;
  row.accuracy = bench::measure_accuracy(model, data);
  return row;
}

std::string warnings(const nn::Model& model, const nn::Dataset& data) {
  return find_warnings(model, data, data, measured(model, data));
}

}  // namespace

TEST_CASE("a model that is right has no warnings, in float32 or int8") {
  const nn::Dataset data = samples(0.5F, 0);
  CHECK(warnings(exact_model(0), data) == "");
  CHECK(warnings(quantized(exact_model(0), data), data) == "");
}

TEST_CASE("features that span few int8 steps are named, with the steps that they get") {
  nn::Dataset data = samples(0.01F, 0);
  CHECK(warnings(exact_model(0), data) == "");
  const std::string found = warnings(quantized(exact_model(0), data), data);
  CAPTURE(found);
  CHECK(found.starts_with("int8 inputs share one step of 0.007"));
  CHECK(found.find("and 1 of 2 features span fewer than 8 steps, so that the model hardly sees "
                   "them: feature 'narrow' 2.5; bring") != std::string::npos);
  // Pixels share a unit, and a constant feature has nothing to show.
  data.image = {1, 2};
  CHECK(warnings(quantized(exact_model(0), data), data) == "");
  data = samples(0, 0);
  CHECK(warnings(quantized(exact_model(0), data), data) == "");
}

TEST_CASE("targets far from 0 are named where int8 outputs cannot tell them apart") {
  const nn::Dataset data = samples(1, 400);
  CHECK(warnings(exact_model(400), data) == "");
  const std::string found = warnings(quantized(exact_model(400), data), data);
  CAPTURE(found);
  CHECK(
      found.starts_with("int8 outputs have steps of 1.57, since their range holds 0, and the "
                        "targets, 399."));
  CHECK(found.find(" span 1.3 of them; predict the distance from their mean, such as ") !=
        std::string::npos);
}

TEST_CASE("a model that is no better than a constant answer is called that") {
  const nn::Dataset data = samples(1, 10);
  const std::string found = warnings(exact_model(0), data);
  CAPTURE(found);
  CHECK(found.starts_with("MSE 100 is no better than that of the targets' mean, 0.3"));
  nn::Dataset classes{nn::Matrix::Zero(4, 1), nn::Matrix::Zero(4, 2), nn::Task::classification, {}};
  classes.targets.col(1).setOnes();
  classes.targets.row(0) = nn::Matrix{{1, 0}};
  Row row;
  row.accuracy["top1"] = 75;
  const nn::Model model = tests::random_model({1, 2}, 1);
  CHECK(find_warnings(model, classes, classes, row) ==
        "top-1 75.00 % is no better than always the same class, 75.00 %");
  row.accuracy["top1"] = 75.1;
  CHECK(find_warnings(model, classes, classes, row) == "");
}
