// Every registered pass keeps the contract of compress::Pass; a new pass is covered untouched.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compress/pass.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using compress::make_step;
using compress::pass_names;

namespace {

/// Data and training small enough for a test.
struct Setting {
  nn::Split data = nn::make_sine({}, 1);
  nn::TrainOptions training;
  Setting() { training.epochs = 2; }
  compress::Context context() const { return {data.train, data.validation, training, 7, {}}; }
};

/// Options that keep a pass's own training short, where it has any.
compress::Options::Values short_training(std::string_view pass) {
  const auto docs = make_step(pass).options;
  const bool trains =
      std::any_of(docs.begin(), docs.end(), [](const auto& doc) { return doc.name == "epochs"; });
  if (!trains) return {};
  return {{"epochs", {std::int64_t{2}, ""}}};
}

compress::Step short_step(std::string_view pass) { return make_step(pass, short_training(pass)); }

}  // namespace

TEST_CASE("every pass gives a legal model with the same inputs and outputs, and is deterministic") {
  const Setting setting;
  const nn::Model before = tests::random_model({1, 6, 5, 1}, 1);
  for (const std::string_view name : pass_names()) {
    CAPTURE(name);
    const auto once = compress::run({short_step(name)}, before, setting.context());
    const auto again = compress::run({short_step(name)}, before, setting.context());
    CHECK_NOTHROW(nn::check(once.model));
    CHECK(nn::input_count(once.model) == 1);
    CHECK(nn::output_count(once.model) == 1);
    CHECK(nn::arithmetic(once.model) == make_step(name).info.gives);
    CHECK(once.step_seconds.size() == 1);
    CHECK(nn::forward(once.model, setting.data.test.inputs) ==
          nn::forward(again.model, setting.data.test.inputs));
  }
}

TEST_CASE("every pass that trains tells of each epoch") {
  const Setting setting;
  const nn::Model model = tests::random_model({1, 6, 5, 1}, 1);
  for (const std::string_view name : pass_names()) {
    CAPTURE(name);
    int epochs = 0;
    compress::Context context = setting.context();
    context.on_epoch = [&](int, double) { ++epochs; };
    compress::run({short_step(name)}, model, context);
    CHECK(epochs == (short_training(name).empty() ? 0 : 2));
  }
}

TEST_CASE("every pass says what it does, where it comes from, and what its options mean") {
  for (const std::string_view name : pass_names()) {
    CAPTURE(name);
    const compress::Step step = make_step(name);
    CHECK_FALSE(step.info.summary.empty());
    const std::string_view source = step.info.source;
    CHECK((source.find(" 19") != std::string_view::npos ||
           source.find(" 20") != std::string_view::npos));  // a year
    for (const compress::OptionDoc& doc : step.options) CHECK_FALSE(doc.help.empty());
  }
}

TEST_CASE("every ordered pair of passes works, or is refused before anything runs") {
  const Setting setting;
  const nn::Model model = tests::random_model({1, 6, 5, 1}, 1);
  for (const std::string_view first : pass_names()) {
    for (const std::string_view second : pass_names()) {
      CAPTURE(first);
      CAPTURE(second);
      const std::vector<compress::Step> steps{short_step(first), short_step(second)};
      if (steps[0].info.gives == nn::Arithmetic::float32) {
        CHECK_NOTHROW(nn::check(compress::run(steps, model, setting.context()).model));
      } else {
        CHECK_THROWS_AS(compress::check_order(steps), std::invalid_argument);
      }
    }
  }
}

TEST_CASE("the registry is sorted, and a wrong name says what is known") {
  const auto names = pass_names();
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK_THROWS_WITH(
      make_step("prune", {}, "a.toml:9:3"),
      fmt::format("a.toml:9:3: unknown pass 'prune'; known: {}", fmt::join(names, ", ")).c_str());
}

TEST_CASE("an order that cannot work says why and what to do") {
  CHECK_THROWS_WITH(
      compress::check_order(
          {make_step("quantize_int8"), make_step("magnitude_prune", {}, "a.toml:9:3")}),
      "a.toml:9:3: magnitude_prune cannot follow quantize_int8: it needs a float32 model, and "
      "quantize_int8 leaves int8; put quantize_int8 last");
}

TEST_CASE("an error in a pass names the pass and its place") {
  const Setting setting;
  CHECK_THROWS_WITH(
      compress::run({make_step("finetune", {}, "a.toml:9:3")}, tests::random_model({2, 1}, 1),
                    setting.context()),
      "a.toml:9:3: finetune: the data has 1 features and 1 targets, the model 2 inputs "
      "and 1 outputs");
}
