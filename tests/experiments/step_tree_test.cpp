#include "experiments/step_tree.h"

#include <doctest/doctest.h>

using namespace pare;
using compress::make_step;
using experiments::step_tree;
using experiments::StepNode;
using experiments::Variant;

namespace {

using Indices = std::vector<std::size_t>;

compress::Step prune(double sparsity, std::int64_t epochs, std::int64_t steps = 1) {
  return make_step(
      "magnitude_prune",
      {{"sparsity", {sparsity, ""}}, {"epochs", {epochs, ""}}, {"steps", {steps, ""}}});
}

}  // namespace

TEST_CASE("variants whose chains begin alike share those steps") {
  const std::vector<Variant> variants{{"float32", {}},
                                      {"pruned", {prune(0.9, 10)}},
                                      {"pruned-int8", {prune(0.9, 10), make_step("quantize_int8")}},
                                      {"other", {prune(0.8, 10), make_step("quantize_int8")}},
                                      {"again", {prune(0.9, 10)}}};
  const std::vector<StepNode> tree = step_tree(variants, 20);
  REQUIRE(tree.size() == 5);
  CHECK(tree[0].step == nullptr);
  CHECK(tree[0].variants == Indices{0});
  CHECK(tree[0].children == Indices{1, 3});
  CHECK(tree[1].step->name == "magnitude_prune");
  CHECK(tree[1].variants == Indices{1, 4});
  CHECK(tree[1].children == Indices{2});
  CHECK(tree[2].step->name == "quantize_int8");
  CHECK(tree[2].parent == 1);
  CHECK(tree[2].variants == Indices{2});
  CHECK(tree[3].variants.empty());
  CHECK(tree[4].parent == 3);
}

TEST_CASE("steps that differ in an option that has no default are not shared") {
  const auto finetune = [](double rate) {
    return make_step("finetune", {{"learning_rate", {rate, ""}}});
  };
  const std::vector<Variant> variants{
      {"a", {make_step("finetune")}}, {"b", {finetune(0.1)}}, {"c", {finetune(0.2)}}};
  CHECK(step_tree(variants, 0).size() == 4);
}

TEST_CASE("the work of a node is the longest chain of training from it on") {
  const std::vector<Variant> variants{
      {"short", {prune(0.5, 1)}},
      {"long", {prune(0.9, 10, 3), make_step("finetune", {{"epochs", {std::int64_t{7}, ""}}})}},
      {"middle", {prune(0.9, 10, 3), make_step("quantize_int8")}}};
  const std::vector<StepNode> tree = step_tree(variants, 20);
  REQUIRE(tree.size() == 5);
  CHECK(tree[0].epochs == 20);
  CHECK(tree[0].work == 57);
  CHECK(tree[1].work == 1);
  CHECK(tree[2].epochs == 30);
  CHECK(tree[2].work == 37);
  CHECK(tree[3].work == 7);
  CHECK(tree[4].work == 0);
}
