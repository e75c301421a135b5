#include "experiments/sensitivity.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "nn/json_text.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
using doctest::Approx;
using experiments::LayerSensitivity;
using experiments::Sensitivity;
using tests::Folder;
using tests::refusal;
using tests::run_pare;

namespace {

/// y = second * (first * x), two hidden units without activation.
nn::Model linear(const nn::Matrix& first, const nn::Matrix& second) {
  const auto none = nn::Activation::identity;
  return {{nn::DenseLayer{first, nn::Vector::Zero(2), none},
           nn::DenseLayer{second, nn::Vector::Zero(1), none}}};
}

/// Of a model that is y = `slope` * x, on data that it fits: five inputs of six are -1 or 1.
Sensitivity sensitivity_of(const nn::Model& model, float slope, std::size_t threads) {
  nn::Dataset data;
  data.inputs = nn::Matrix{{-1}, {0}, {1}, {1}, {-1}, {-1}};
  data.targets = slope * data.inputs;
  nn::TrainOptions training;
  training.scale_inputs = false;
  return experiments::measure_sensitivity(model, {data, data, training, 1, {}}, threads);
}

const nn::Model kEleven = linear(nn::Matrix{{1}, {2}}, nn::Matrix{{5, 3}});

/// Two classes of points, left and right of 0, as a config on CSV files.
std::string classes(const Folder& folder, const std::string& test) {
  std::string train = "x,y,label\n";
  for (int i = 1; i <= 40; ++i) train += fmt::format("{},{},1\n-{},{},0\n", i, i % 7, i, i % 5);
  const std::string path = folder.write("train.csv", train);
  return folder.write(
      "c.toml", fmt::format("[data]\nsource = \"csv\"\ntrain = \"{}\"\ntest = \"{}\"\n"
                            "target = \"label\"\nvalidation_samples = 20\n[model]\nhidden = [4]\n"
                            "[train]\nepochs = 30\n[[variants]]\nname = \"a\"\n",
                            path, folder.write("test.csv", "x,y,label\n" + test)));
}

}  // namespace

TEST_CASE("pruning one layer alone costs what it costs by hand") {
  const Sensitivity sensitivity = sensitivity_of(kEleven, 11, 1);
  CHECK(sensitivity.float32 == 0);
  REQUIRE(sensitivity.layers.size() == 2);
  for (std::size_t k = 0; k < experiments::kSparsities.size(); ++k) {
    CAPTURE(experiments::kSparsities[k]);  // one of two weights goes: a layer keeps at least one
    CHECK(sensitivity.layers[0].pruned[k] == Approx(25 * 5 / 6.0));  // 6 x is left
    CHECK(sensitivity.layers[1].pruned[k] == Approx(36 * 5 / 6.0));  // 5 x is left
  }
}

TEST_CASE("one bit costs a layer what its rows' weights differ, eight bits next to nothing") {
  const Sensitivity sensitivity =
      sensitivity_of(linear(nn::Matrix{{1}, {2}}, nn::Matrix{{3, 5}}), 13, 1);
  CHECK(sensitivity.int8 < 0.005);
  const auto one_bit = [](const LayerSensitivity& layer) { return layer.quantized.back(); };
  CHECK(one_bit(sensitivity.layers[0]) < 0.005);  // a weight a row, each with a scale of its own
  CHECK(one_bit(sensitivity.layers[1]) == Approx(5 / 6.0).epsilon(0.1));  // 4, 4: 12 x is left
}

TEST_CASE("threads change nothing in what is measured") {
  const Sensitivity one = sensitivity_of(kEleven, 11, 1);
  const Sensitivity three = sensitivity_of(kEleven, 11, 3);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(one.layers[i].pruned == three.layers[i].pruned);
    CHECK(one.layers[i].quantized == three.layers[i].quantized);
  }
}

TEST_CASE("the table has a row for each layer and a column for each way to shrink it") {
  const std::vector<double> six{1, 2, 3, 4, 5, 6};
  const bench::Table table = experiments::sensitivity_table(
      kEleven, {0.5, 0.25, {{six, {7, 8, 9, 10}}, {six, {7, 8, 9, 10}}}}, nn::Task::regression);
  CHECK(table.headers == std::vector<std::string>{"layer", "weights", "metric", "float32",
                                                  "sparsity 0.5", "sparsity 0.7", "sparsity 0.8",
                                                  "sparsity 0.9", "sparsity 0.95", "sparsity 0.98",
                                                  "8 bits", "4 bits", "3 bits", "2 bits", "1 bit"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0] == std::vector<std::string>{"1", "2", "MSE", "5.00e-01", "1.00e+00",
                                                  "2.00e+00", "3.00e+00", "4.00e+00", "5.00e+00",
                                                  "6.00e+00", "2.50e-01", "7.00e+00", "8.00e+00",
                                                  "9.00e+00", "1.00e+01"});
  CHECK(table.rows[1][0] == "2");
}

TEST_CASE("sensitivity prints and writes the same table, without a board or its tools") {
  const Folder folder;
  const std::string config = folder.write("c.toml", tests::kSampleConfig);
  const std::string file = (folder.path() / "s.csv").string();
  const std::string nothing = (folder.path() / "bin").string();
  const auto csv = run_pare({"sensitivity", config, "--format", "csv", "--out", file}, nothing);
  CHECK(csv.exit_code == 0);
  CHECK(csv.err == "");
  CHECK(csv.out == tests::read_file(file));
  CHECK(csv.out.starts_with("layer,weights,metric,float32,sparsity 0.5,"));
  const auto json = nn::parse_json(run_pare({"sensitivity", config, "--format", "json"}).out);
  REQUIRE(json.size() == 2);
  CHECK(json[0]["weights"] == 4);
  CHECK(json[1]["metric"] == "MSE");
  CHECK(json[1]["1 bit"].get<double>() > 0);
  CHECK(run_pare({"sensitivity", config}).out.find("On 16 validation samples, seed 3, ") !=
        std::string::npos);
}

TEST_CASE("sensitivity of classes is percent of the validation data; the test data plays no part") {
  const Folder folder;
  const auto print = [&](const std::string& test) {
    return run_pare({"sensitivity", classes(folder, test), "--format", "json"}).out;
  };
  const std::string right = print("5,1,1\n-5,1,0\n");
  const auto json = nn::parse_json(right);
  CHECK(json[0]["metric"] == "top-1 %");
  CHECK(json[0]["float32"].get<double>() > 60);
  CHECK(json[0]["float32"].get<double>() <= 100);
  CHECK(print("5,1,0\n-5,1,1\n") == right);
}

TEST_CASE("sensitivity refuses a file that it could not write, before it trains") {
  const Folder folder;
  const std::string config = folder.write("c.toml", tests::kSampleConfig);
  const std::string path = folder.path().string();
  const auto refused = [&](const std::string& out) {
    return refusal({"sensitivity", config, "--set", "train.epochs=1000000", "--out", out});
  };
  CHECK(refused(path) == "pare: " + path + " is a folder; name a file with --out\n");
  CHECK(refused(path + "/") == "pare: " + path + "/ is a folder; name a file with --out\n");
  CHECK(refused(path + "/no/a.csv") ==
        "pare: " + path + "/no/a.csv cannot be written: " + path +
            "/no is not a folder that you can write to; name another file with --out\n");
}
