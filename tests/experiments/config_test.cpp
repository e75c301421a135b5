#include "experiments/config.h"

#include <doctest/doctest.h>

#include "nn/ends.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
using experiments::Experiment;
using experiments::load_experiment;
using tests::Folder;

namespace {

const std::string kVariant = "[[variants]]\nname = \"a\"\n";

Experiment load(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Folder folder;
  return load_experiment(folder.write("c.toml", text), overrides);
}

/// Of the training file's path what comes after its last slash.
std::string train_file(const Experiment& experiment) {
  const std::string& path = experiment.data.files.front();
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

namespace {

/// The data is that of the options.
void check_sine(const experiments::Experiment& experiment, const nn::SineOptions& options) {
  const nn::Split expected = nn::make_sine(options, 3);
  const nn::Split found = experiment.data.load(3);
  CHECK(found.train.inputs == expected.train.inputs);
  CHECK(found.train.targets == expected.train.targets);
  CHECK(found.validation.targets == expected.validation.targets);
  CHECK(found.test.targets == expected.test.targets);
  CHECK(experiment.data.files.empty());
}

}  // namespace

TEST_CASE("a config of one variant leaves everything else at its default") {
  const Experiment experiment = load(kVariant);
  CHECK(experiment.name == "c");
  CHECK(experiment.seeds == std::vector<std::uint64_t>{1});
  check_sine(experiment, {});
  CHECK(experiment.model.hidden == std::vector<nn::Index>{16, 16});
  CHECK(experiment.model.activation == nn::Activation::relu);
  CHECK(experiment.train.epochs == nn::TrainOptions{}.epochs);
  CHECK(experiment.train.batch_size == 64);
  CHECK(experiment.train.optimizer == nn::OptimizerKind::adam);
  CHECK(experiment.train.schedule == nn::Schedule::cosine);
  CHECK(experiment.train.scale_inputs);
  REQUIRE(experiment.variants.size() == 1);
  CHECK(experiment.variants[0].name == "a");
  CHECK(experiment.variants[0].steps.empty());
}

TEST_CASE("every key of a config is read") {
  const Experiment experiment = load(R"(name = "mine"
seed = 7
[data]
source = "sine"
amplitude = 2.5
angular_frequency = 3
phase = -0.5
noise = 0.125
range = [-1, 1.5]
train_samples = 11
validation_samples = 12
test_samples = 13
[model]
hidden = [8, 4, 2]
activation = "identity"
[train]
epochs = 9
batch_size = 5
optimizer = "sgd"
learning_rate = 0.25
momentum = 0.5
schedule = "constant"
scale_inputs = false
[[variants]]
name = "a"
)");
  CHECK(experiment.name == "mine");
  CHECK(experiment.seeds == std::vector<std::uint64_t>{7});
  check_sine(experiment, {2.5, 3, -0.5, 0.125, -1, 1.5, 11, 12, 13});
  CHECK(experiment.model.hidden == std::vector<nn::Index>{8, 4, 2});
  CHECK(experiment.model.activation == nn::Activation::identity);
  CHECK(experiment.train.epochs == 9);
  CHECK(experiment.train.batch_size == 5);
  CHECK(experiment.train.optimizer == nn::OptimizerKind::sgd);
  CHECK(experiment.train.learning_rate == 0.25);
  CHECK(experiment.train.momentum == 0.5);
  CHECK(experiment.train.schedule == nn::Schedule::constant);
  CHECK_FALSE(experiment.train.scale_inputs);
}

TEST_CASE("passes train as [retrain] says, and where it is silent as [train] does") {
  const Experiment experiment = load(R"([train]
epochs = 9
warmup_epochs = 2
batch_size = 5
optimizer = "sgd"
schedule = "constant"
dropout = 0.5
flip = true
weight_decay = 0.25
[retrain]
dropout = 0
flip = false
scale_inputs = false
learning_rate = 0.5
teacher = 0.75
temperature = 3
)" + kVariant);
  CHECK(experiment.train.dropout == 0.5);
  CHECK(experiment.train.flip);
  CHECK(experiment.train.scale_inputs);
  const nn::TrainOptions& retrain = experiment.retrain.options;
  CHECK(retrain.batch_size == 5);
  CHECK(retrain.optimizer == nn::OptimizerKind::sgd);
  CHECK(retrain.schedule == nn::Schedule::constant);
  CHECK(retrain.weight_decay == 0.25);
  CHECK(retrain.dropout == 0);
  CHECK_FALSE(retrain.flip);
  CHECK_FALSE(retrain.scale_inputs);
  CHECK(retrain.learning_rate == 0.5);
  CHECK(experiment.train.warmup_epochs == 2);
  CHECK(retrain.warmup_epochs == 0);
  CHECK(experiment.retrain.teacher == 0.75);
  CHECK(experiment.retrain.temperature == 3);
}

TEST_CASE("a pass is a name, or a table with its options") {
  const Experiment experiment = load(kVariant +
                                     "passes = [{ pass = \"magnitude_prune\", sparsity = 0.75 }, "
                                     "\"quantize_int8\"]\n");
  const auto& steps = experiment.variants.at(0).steps;
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].name == "magnitude_prune");
  CHECK(steps[0].where.ends_with("c.toml:3:20"));
  CHECK(steps[1].name == "quantize_int8");
  CHECK(steps[1].where.ends_with("c.toml:3:58"));
}

TEST_CASE("--set replaces what the file says, adds what it does not, and takes a bare word") {
  const Experiment experiment = load("[train]\nepochs = 3\nbatch_size = 5\n" + kVariant,
                                     {"train.epochs=10", "seed = 4", "train.optimizer=sgd",
                                      "data.noise=0.5", "model.hidden=[3]", "name=other"});
  CHECK(experiment.train.epochs == 10);
  CHECK(experiment.train.batch_size == 5);
  CHECK(experiment.seeds == std::vector<std::uint64_t>{4});
  CHECK(experiment.train.optimizer == nn::OptimizerKind::sgd);
  CHECK(experiment.resolved_base.find("\nnoise = 0.5\n") != std::string::npos);
  CHECK(experiment.model.hidden == std::vector<nn::Index>{3});
  CHECK(experiment.name == "other");
}

TEST_CASE("what encodings are chosen for is read, and said by name") {
  CHECK(load(kVariant).optimize == mcu::Optimize::balance);
  CHECK(load("optimize = \"size\"\n" + kVariant).optimize == mcu::Optimize::size);
  const Experiment speed = load("optimize = \"speed\"\n" + kVariant);
  CHECK(speed.optimize == mcu::Optimize::speed);
  CHECK(speed.resolved.find("optimize = \"speed\"") != std::string::npos);
}

TEST_CASE("the resolved config holds what --set changed, and loads again to itself") {
  const Experiment first =
      load(tests::kSampleConfig, {"train.epochs=6", "data.phase=0.1", "retrain.optimizer=sgd"});
  const Folder folder;
  const Experiment again = load_experiment(folder.write("other.toml", first.resolved), {});
  CHECK(again.resolved == first.resolved);
  CHECK(again.name == "sample");
  CHECK(again.seeds == std::vector<std::uint64_t>{3});
  CHECK(again.train.epochs == 6);
  CHECK(again.train.optimizer == nn::OptimizerKind::adam);
  CHECK(again.retrain.options.optimizer == nn::OptimizerKind::sgd);
  CHECK(again.data.load(1).train.targets == first.data.load(1).train.targets);
  REQUIRE(again.variants.size() == 2);
  CHECK(again.variants[1].steps.at(0).name == "quantize_int8");
  CHECK(experiments::make_data(again, 3).train.inputs ==
        experiments::make_data(first, 3).train.inputs);
}

TEST_CASE("any text of a config comes back from the resolved one") {
  for (const std::string& text :
       {std::string("a \"quoted\" name"), std::string("it's"), std::string("C:\\data\\new.csv"),
        std::string("two\nlines\r\n\tand a tab"), std::string("Gr\xC3\xBC\xC3\x9F e"),
        std::string("\x01\x1F\x7F\b\f"), std::string("\"\"\""), std::string("'''"),
        std::string("# no comment = []"), std::string("ends with \\")}) {
    CAPTURE(text);
    const std::string table = "[data]\nsource = \"csv\"\ntest = \"t.csv\"\n";
    const std::string line = "train = " + compress::toml_string(text) + "\n";
    const Experiment experiment = load(table + line + kVariant);
    CHECK(train_file(experiment) == text);
    const Experiment again = load(experiment.resolved);
    CHECK(train_file(again) == text);
    CHECK(again.resolved == experiment.resolved);
  }
}

TEST_CASE("--set takes a value that is no TOML as it stands") {
  const std::string table = "[data]\nsource = \"csv\"\ntrain = \"t.csv\"\ntest = \"t.csv\"\n";
  const Experiment experiment = load(table + kVariant, {R"(data.train=C:\my "own" data.csv)"});
  CHECK(train_file(experiment) == R"(C:\my "own" data.csv)");
}

TEST_CASE("seeds are read in their order, and resolved as they are") {
  const Experiment experiment = load("seeds = [3, 1, 9000000000000000]\n" + kVariant);
  CHECK(experiment.seeds == std::vector<std::uint64_t>{3, 1, 9'000'000'000'000'000});
  CHECK(load(experiment.resolved).seeds == experiment.seeds);
  CHECK(load("seeds = [7]\n" + kVariant).seeds == std::vector<std::uint64_t>{7});
}

TEST_CASE("--set replaces the seeds of the file, whether it gives one or several") {
  using Seeds = std::vector<std::uint64_t>;
  CHECK(load("seed = 1\n" + kVariant, {"seeds=[4, 5]"}).seeds == Seeds{4, 5});
  CHECK(load("seeds = [1, 2]\n" + kVariant, {"seed=4"}).seeds == Seeds{4});
  CHECK(load("seeds = [1, 2]\n" + kVariant, {"seeds=[4]"}).seeds == Seeds{4});
}

TEST_CASE("the test set is the same with every seed, the training set is not") {
  const Experiment experiment = load(tests::kSampleConfig);
  const nn::Split one = experiments::make_data(experiment, 1);
  const nn::Split two = experiments::make_data(experiment, 2);
  CHECK(one.test.inputs == two.test.inputs);
  CHECK(one.test.targets == two.test.targets);
  CHECK(one.train.inputs != two.train.inputs);
}

TEST_CASE("every key of a config is listed, those of each source of data apart") {
  const std::vector<experiments::TableDoc> docs = experiments::config_docs();
  std::map<std::string, std::size_t> counts;
  for (const experiments::TableDoc& doc : docs) counts[doc.title()] = doc.options.size();
  for (const char* source : {"sine", "idx", "csv", "random", "recordings", "series"}) {
    CHECK(counts.at(fmt::format("[data] source = \"{}\"", source)) > 2);
  }
  for (const char* table : {"at the top", "[model]", "[train]", "[retrain]", "[budget]"}) {
    CAPTURE(table);
    CHECK(counts.at(table) > 2);
  }
}

TEST_CASE("features and targets of unlike ranges get a scale each at the model's ends") {
  const Folder folder;
  std::string table = "hPa,share,y\n";
  for (int i = 0; i < 60; ++i) {
    table += fmt::format("{},{},{}\n", 950 + i * 7 % 60, (i * 11 % 23) / 23.0, 20000 + i * 7 % 60);
  }
  folder.write("t.csv", table);
  const std::string path = folder.write(
      "c.toml",
      "[data]\nsource = \"csv\"\ntrain = \"t.csv\"\ntask = \"regression\"\n"
      "[train]\nepochs = 60\n[[variants]]\nname = \"a\"\npasses = [\"quantize_int8\"]\n");
  const auto experiment = experiments::load_experiment(path, {});
  const nn::Split data = experiments::make_data(experiment, 1);
  const nn::Model model = experiments::train_base(experiment, 1, data);
  const nn::Matrix seen = nn::seen_inputs(model.inputs, data.train.inputs);
  CHECK(seen.colwise().maxCoeff().isApprox(nn::RowVector::Ones(2), 1e-4F));
  CHECK(seen.colwise().minCoeff().isApprox(-nn::RowVector::Ones(2), 1e-4F));
  CHECK(model.outputs.offset[0] > 20000);
  const nn::Model int8 = compress::run(experiment.variants[0].steps, model,
                                       {data.train, data.validation, experiment.train, 1, {}})
                             .model;
  const double float_error = nn::prediction_error(model, data.test);
  CHECK(float_error < 10);  // of a variance of 300
  CHECK(nn::prediction_error(int8, data.test) < 30);
  const auto unscaled = experiments::load_experiment(
      path, {"train.scale_inputs=false", "train.scale_targets=false", "train.epochs=0"});
  CHECK(nn::is_identity(experiments::train_base(unscaled, 1, data).inputs));
}
