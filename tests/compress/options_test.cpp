#include "compress/options.h"

#include <doctest/doctest.h>

using pare::compress::Options;

namespace {

Options options_with(Options::Values values) {
  return Options("magnitude_prune", std::move(values), "a.toml:3:1");
}

}  // namespace

TEST_CASE("an option that is absent is its default, one that is there is read") {
  Options options = options_with({{"a", {0.25, "a.toml:4:5"}},
                                  {"b", {std::int64_t{3}, ""}},
                                  {"c", {true, ""}},
                                  {"d", {std::string("x"), ""}},
                                  {"e", {std::vector<double>{4, 5}, ""}}});
  CHECK(options.number("a", 0.5, {0, 1}, "") == 0.25);
  CHECK(options.number("none", 0.5, {0, 1}, "") == 0.5);
  CHECK(options.integer("b", 1, {0, 9}, "") == 3);
  CHECK(options.flag("c", false, ""));
  CHECK(options.text("d", "y", "") == "x");
  CHECK(options.integers("e", {1}, 1, {1, 9}, "") == std::vector<std::int64_t>{4, 5});
  CHECK_FALSE(options.optional_number("f", {0, 1}, "as before", "").has_value());
  CHECK_NOTHROW(options.expect_empty());
}

TEST_CASE("a wrong option says where, what was found and what is expected") {
  const auto with = [](auto value) { return options_with({{"a", {value, "a.toml:4:5"}}}); };
  CHECK_THROWS_WITH(with(80.0).number("a", 0, {0, 1}, ""), "a.toml:4:5: a = 80 is outside [0, 1]");
  CHECK_THROWS_WITH(with(std::string("x")).number("a", 0, {0, 1}, ""),
                    "a.toml:4:5: a = \"x\" is not a number");
  CHECK_THROWS_WITH(with(1.5).integer("a", 0, {0, 9}, ""), "a.toml:4:5: a = 1.5 is not an integer");
  CHECK_THROWS_WITH(with(std::int64_t{10}).integer("a", 0, {0, 9}, ""),
                    "a.toml:4:5: a = 10 is outside [0, 9]");
  CHECK_THROWS_WITH(with(1.0).flag("a", false, ""), "a.toml:4:5: a = 1 is not true or false");
  CHECK_THROWS_WITH(with(true).text("a", "", ""), "a.toml:4:5: a = true is not a string");
  CHECK_THROWS_WITH(with(1.0).integers("a", {1}, 1, {0, 9}, ""),
                    "a.toml:4:5: a = 1 is not a list of numbers");
  CHECK_THROWS_WITH(with(std::vector<double>{1.5}).integers("a", {1}, 1, {0, 9}, ""),
                    "a.toml:4:5: a = [1.5] is not a list of integers");
  CHECK_THROWS_WITH(with(std::vector<double>{}).integers("a", {1}, 1, {0, 9}, ""),
                    "a.toml:4:5: a = [] needs at least 1");
  CHECK_THROWS_WITH(with(std::vector<double>{1, 70}).integers("a", {1}, 1, {0, 9}, ""),
                    "a.toml:4:5: a = [1, 70]: 70 is outside [0, 9]");
  CHECK_THROWS_WITH(with(std::vector<double>{2, 1}).interval("a", {0, 1}, {0, 9}, ""),
                    "a.toml:4:5: a = [2, 1] is not [low, high], low < high");
  CHECK_THROWS_WITH(with(std::string("row")).choice<int>("a", {{"layer", 0}, {"global", 1}}, ""),
                    "a.toml:4:5: a = \"row\" is none of: layer, global");
}

TEST_CASE("an option that nobody reads is an error that names those that exist") {
  Options options = options_with({{"sparsty", {0.5, "a.toml:4:5"}}});
  options.number("sparsity", 0.5, {0, 1}, "");
  options.integer("steps", 1, {1, 9}, "");
  CHECK_THROWS_WITH(options.expect_empty(),
                    "a.toml:4:5: unknown option 'sparsty' of magnitude_prune; known: sparsity, "
                    "steps; did you mean 'sparsity'?");
}

TEST_CASE("every read is documented") {
  Options options = options_with({});
  options.number("sparsity", 0.5, {0, 1}, "fraction");
  options.choice<int>("scope", {{"layer", 0}, {"global", 1}}, "where");
  REQUIRE(options.docs().size() == 2);
  CHECK(options.docs()[0].fallback == "0.5");
  CHECK(options.docs()[0].range == "[0, 1]");
  CHECK(options.docs()[1].fallback == "\"layer\"");
  CHECK(options.docs()[1].range == "layer, global");
}

TEST_CASE("texts are a list, a text alone, or whole numbers, and no other number is passed over") {
  const auto read = [](pare::compress::OptionValue value) {
    Options::Values values;
    values.emplace("names", std::move(value));
    Options options("a pass", std::move(values));
    return options.texts("names", "");
  };
  using Texts = std::vector<std::string>;
  CHECK(read({std::string("a"), {}}) == Texts{"a"});
  CHECK(read({Texts{"a", "b"}, {}}) == Texts{"a", "b"});
  CHECK(read({std::int64_t{-1}, {}}) == Texts{"-1"});
  CHECK(read({std::vector<double>{0, 3}, {}}) == Texts{"0", "3"});
  CHECK_THROWS_WITH(read({std::vector<double>{0, 1.5}, {}}),
                    "names = [0, 1.5] is not a list of texts or whole numbers");
  CHECK_THROWS_WITH(read({true, {}}),
                    "names = true is not a text, nor a list such as [\"a\", \"b\"]");
}
