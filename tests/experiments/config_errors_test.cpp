#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "compress/pass.h"
#include "experiments/config.h"
#include "tests/helpers.h"

using namespace pare;
using experiments::load_experiment;
using tests::Folder;

namespace {

const std::string kVariant = "[[variants]]\nname = \"a\"\n";

/// The message that a config is refused with, without the path of its folder.
std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Folder folder;
  try {
    load_experiment(folder.write("c.toml", text), overrides);
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what();
    const std::string prefix = folder.path().string() + "/";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }
  return "nothing was thrown";
}

std::string error_of_passes(const std::string& passes) {
  return error_of(kVariant + "passes = " + passes + "\n");
}

}  // namespace

TEST_CASE("a wrong --set is quoted as it was given") {
  const std::string text = "[train]\nepochs = 3\n" + kVariant;
  CHECK(error_of(text, {"train.epochs"}) ==
        "--set train.epochs: expected key=value, such as train.epochs=10");
  CHECK(error_of(text, {"=3"}) == "--set =3: expected key=value, such as train.epochs=10");
  CHECK(error_of(text, {"train.epochs=0.5"}) ==
        "--set train.epochs=0.5: epochs = 0.5 is not an integer");
  CHECK(error_of(text, {"train.optimizer=rprop"}) ==
        "--set train.optimizer=rprop: optimizer = \"rprop\" is none of: adam, sgd");
  CHECK(error_of(text, {"train=3"}) ==
        "--set train=3: train is not a table; write [train], and its keys on the lines below");
  CHECK(error_of(text, {"sed=3"}) ==
        "--set sed=3: unknown key 'sed' of the config; known: name, seed, seeds, optimize, boards, "
        "data, "
        "model, train, retrain, budget, variants; did you mean 'seed'?");
  CHECK(error_of(text, {"name=a/b"}) ==
        "--set name=a/b: 'a/b' is no name; use up to 60 letters, digits, '-' and '_', not '-' "
        "first");
}

TEST_CASE("a config that cannot be read is refused with its path") {
  const Folder folder;
  const std::string none = (folder.path() / "none.toml").string();
  CHECK_THROWS_WITH(
      load_experiment(none, {}),
      (none + ": there is no such config file; experiments/configs has some").c_str());
  CHECK_THROWS_WITH(load_experiment(folder.path(), {}),
                    (folder.path().string() + " is a folder, not a config file").c_str());
}

TEST_CASE("what is no TOML is refused with its place") {
  CHECK(error_of("seed = \n" + kVariant) ==
        "c.toml:1:8: Error while parsing key-value pair: expected value, saw '\\n'");
  CHECK(error_of("seed = 1\nseed = 2\n" + kVariant) ==
        "c.toml:2:8: Error while parsing key-value pair: cannot redefine existing integer 'seed'");
}

TEST_CASE("an unknown key is refused with its place and the keys that there are") {
  CHECK(error_of("sed = 3\n" + kVariant) ==
        "c.toml:1:1: unknown key 'sed' of the config; known: name, seed, seeds, optimize, boards, "
        "data, "
        "model, train, retrain, budget, variants; did you mean 'seed'?");
  CHECK(error_of("[[variant]]\nname = \"a\"\n") ==
        "c.toml:1:3: unknown key 'variant' of the config; known: name, seed, seeds, optimize, "
        "boards, data, model, train, retrain, budget, variants; did you mean 'variants'?");
  CHECK(error_of(kVariant + "pass = []\n") ==
        "c.toml:3:1: unknown key 'pass' of a variant; known: name, passes; did you mean 'passes'?");
  CHECK(error_of("[budget]\nflash = -1\n" + kVariant) ==
        "c.toml:2:1: flash = -1 is outside [0, 1000000000]");
  CHECK(error_of("[budget]\nstack = 1\n" + kVariant) ==
        "c.toml:2:1: unknown option 'stack' of [budget]; known: flash, ram, cycles");
  CHECK(error_of("[train]\nepoch = 3\n" + kVariant) ==
        "c.toml:2:1: unknown option 'epoch' of [train]; known: epochs, warmup_epochs, batch_size, "
        "optimizer, learning_rate, momentum, schedule, scale_inputs, scale_targets, dropout, "
        "weight_decay, label_smoothing, flip, shift, patience, keep_best, threads; did you mean "
        "'epochs'?");
  CHECK(error_of("[retrain]\nepochs = 3\n" + kVariant) ==
        "c.toml:2:1: unknown option 'epochs' of [retrain]; known: batch_size, optimizer, "
        "learning_rate, momentum, schedule, scale_inputs, scale_targets, dropout, weight_decay, "
        "label_smoothing, "
        "flip, shift, patience, keep_best, threads, teacher, temperature");
  CHECK(error_of("[data]\nsamples = 3\n" + kVariant)
            .starts_with("c.toml:2:1: unknown option 'samples' of [data]; known: source, "));
  CHECK(error_of("[model]\nwidths = [3]\n" + kVariant) ==
        "c.toml:2:1: unknown option 'widths' of [model]; known: file, activation, hidden");
}

TEST_CASE("a value of the wrong type or out of range is refused with its place") {
  CHECK(error_of("seed = \"x\"\n" + kVariant) == "c.toml:1:1: seed = \"x\" is not an integer");
  CHECK(error_of("seed = -1\n" + kVariant) ==
        "c.toml:1:1: seed = -1 is outside [0, 9000000000000000]");
  CHECK(error_of("[data]\ntest_samples = 1\n" + kVariant) ==
        "c.toml:2:1: test_samples = 1 is outside [2, 100000000]");
  CHECK(error_of("[retrain]\nteacher = 2\n" + kVariant) ==
        "c.toml:2:1: teacher = 2 is outside [0, 1]");
  CHECK(error_of("[data]\nrange = [3, 1]\n" + kVariant) ==
        "c.toml:2:1: range = [3, 1] is not [low, high], low < high");
  CHECK(error_of("[data]\nrange = [1, \"a\"]\n" + kVariant) ==
        "c.toml:2:13: range is not a list of numbers");
  CHECK(error_of("[data]\nsource = \"cosine\"\n" + kVariant)
            .starts_with("c.toml:2:1: source = \"cosine\" is none of: sine"));
  CHECK(error_of("[model]\nhidden = 3\n" + kVariant) ==
        "c.toml:2:1: hidden = 3 is not a list of numbers");
  CHECK(error_of("[model]\nhidden = { a = 1 }\n" + kVariant) ==
        "c.toml:2:1: hidden is neither true or false, a number, a string nor a list of numbers or "
        "strings");
  CHECK(error_of("train = 3\n" + kVariant) ==
        "c.toml:1:9: train is not a table; write [train], and its keys on the lines below");
  CHECK(error_of("[[train]]\n" + kVariant) ==
        "c.toml:1:1: train is not a table; write [train], and its keys on the lines below");
}

TEST_CASE("a wrong pass is refused with its place") {
  CHECK(error_of_passes("[\"quantise_int8\"]") ==
        fmt::format("c.toml:3:11: unknown pass 'quantise_int8'; known: {}; did you mean "
                    "'quantize_int8'?",
                    fmt::join(compress::pass_names(), ", ")));
  CHECK(error_of_passes("[{ pass = \"finetune\", epoch = 3 }]") ==
        "c.toml:3:32: unknown option 'epoch' of finetune; known: epochs, learning_rate, dropout, "
        "flip, scale_inputs, teacher, temperature; did you mean 'epochs'?");
  CHECK(error_of_passes("[{ pass = \"magnitude_prune\", sparsity = 80 }]") ==
        "c.toml:3:39: sparsity = 80 is outside [0, 1]");
  CHECK(error_of_passes("[{ name = \"finetune\" }]") ==
        "c.toml:3:11: a pass is a name, or a table { pass = \"name\", option = value, ... }");
  CHECK(error_of_passes("[3]") ==
        "c.toml:3:11: a pass is a name, or a table { pass = \"name\", option = value, ... }");
  CHECK(error_of_passes("\"quantize_int8\"") ==
        "c.toml:3:10: passes is not a list; write passes = [\"magnitude_prune\", "
        "\"quantize_int8\"]");
  CHECK(error_of_passes("[\"quantize_int8\", \"magnitude_prune\"]") ==
        "c.toml:3:28: magnitude_prune cannot follow quantize_int8: it needs a float32 model, and "
        "quantize_int8 leaves int8; put quantize_int8 last");
}

TEST_CASE("variants need names, each its own, that a file can have") {
  const std::string none =
      "a config needs at least one [[variants]] table, with a name and the list of its passes";
  CHECK(error_of("seed = 1\n") == "c.toml:1:1: " + none);
  CHECK(error_of("variants = 3\n") == "c.toml:1:12: " + none);
  CHECK(error_of(kVariant + kVariant) ==
        "c.toml:4:8: a variant named 'a' is there already; give it another name");
  CHECK(error_of("[[variants]]\npasses = []\n") ==
        "c.toml:1:1: a variant needs a name; add name = \"...\"");
  CHECK(error_of("[[variants]]\nname = 3\n") == "c.toml:2:1: name = 3 is not a string");
  const std::string rule = "use up to 60 letters, digits, '-' and '_', not '-' first";
  for (const std::string name : {"", "a/b", "..", "-a", "a b", "\u00fc"}) {
    CHECK(error_of(fmt::format("[[variants]]\nname = \"{}\"\n", name)) ==
          fmt::format("c.toml:2:8: '{}' is no name; {}", name, rule));
  }
  CHECK(error_of("[[variants]]\nname = \"" + std::string(61, 'x') + "\"\n") ==
        "c.toml:2:8: '" + std::string(61, 'x') + "' is no name; " + rule);
}

TEST_CASE("seeds that are none, twice there, or given in two ways are refused") {
  CHECK(error_of("seeds = []\n" + kVariant) == "c.toml:1:1: seeds = [] needs at least 1");
  CHECK(error_of("seeds = [1, 2, 1]\n" + kVariant) == "c.toml:1:1: seeds = [1, 2, 1] has 1 twice");
  CHECK(error_of("seeds = [1, -2]\n" + kVariant) ==
        "c.toml:1:1: seeds = [1, -2]: -2 is outside [0, 9000000000000000]");
  CHECK(error_of("seeds = [1.5]\n" + kVariant) ==
        "c.toml:1:1: seeds = [1.5] is not a list of integers");
  CHECK(error_of("seeds = 3\n" + kVariant) == "c.toml:1:1: seeds = 3 is not a list of numbers");
  CHECK(error_of("seed = -1\n" + kVariant) ==
        "c.toml:1:1: seed = -1 is outside [0, 9000000000000000]");
  CHECK(error_of("seed = 1\nseeds = [1, 2]\n" + kVariant) ==
        "c.toml:2:1: seed and seeds are both there; keep one of them");
  CHECK(error_of(kVariant, {"seed=1", "seeds=[2]"}) ==
        "--set seeds=[2]: seed and seeds are both there; keep one of them");
}
