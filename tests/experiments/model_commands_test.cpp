// inspect, convert, diff, predict, and a config that starts from a model file.
#include "experiments/model_commands.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "experiments/config.h"
#include "experiments/results.h"
#include "nn/activation.h"
#include "nn/ends.h"
#include "nn/formats/safetensors.h"
#include "nn/forward.h"
#include "nn/loss.h"
#include "tests/experiments/program.h"

using namespace pare;
using tests::Folder;
using tests::run_pare;

namespace {

/// Takes two features in their own units; three classes with names.
nn::Model classifier() {
  nn::Model model = tests::random_model({2, 6, 3}, 17);
  model.inputs = {nn::RowVector{{1013, 20}}, nn::RowVector{{0.1F, 0.05F}}, {}, {"hPa", "degC"}};
  model.outputs = {{}, {}, nn::Meaning::logits, {"fog", "rain, some", "sun"}};
  return model;
}

std::string save_to(const Folder& folder, const std::string& name, const nn::Model& model) {
  const auto path = folder.path() / name;
  nn::save(model, path);
  return path.string();
}

}  // namespace

TEST_CASE("inspect shows the layers, the ends and what the model takes on each board") {
  const Folder folder;
  const std::string path = save_to(folder, "weather.safetensors", classifier());
  const auto result = run_pare({"inspect", path});
  CHECK(result.exit_code == 0);
  CHECK(result.out.starts_with(path + ": 2-6-3 in float32, 39 parameters, 30 MACs\n"));
  for (const char* text :
       {"offset of the inputs, which is taken off: 20 to 1013", "logits", "inputs: hPa, degC",
        "classes: fog, rain, some, sun", "nano33ble", "esp32c3", "int8, then"}) {
    CAPTURE(text);
    CHECK(result.out.find(text) != std::string::npos);
  }
  const auto csv = run_pare({"inspect", path, "--format", "csv"});
  CHECK(csv.out.starts_with("layer,inputs,outputs,ends in,weights,params,MACs,zeros %,"));
}

TEST_CASE("convert writes the same model, and diff says so, or by how much they differ") {
  const Folder folder;
  const std::string a = save_to(folder, "a.safetensors", classifier());
  const std::string b = (folder.path() / "b.safetensors").string();
  CHECK(run_pare({"convert", a, b}).exit_code == 0);
  CHECK(tests::read_file(a) == tests::read_file(b));
  CHECK(run_pare({"diff", a, b}).exit_code == 0);
  nn::Model other = classifier();
  std::get<nn::DenseLayer>(other.layers[1]).weights(0, 0) += 0.01F;
  const std::string c = save_to(folder, "c.safetensors", other);
  const auto result = run_pare({"diff", a, c, "--format", "csv"});
  CHECK(result.exit_code == 1);
  CHECK(result.out.find("\n1,2-6 relu,2-6 relu,0,0,0,0,0,0\n2,6-3 identity,6-3 identity,0.01,") !=
        std::string::npos);
  CHECK(run_pare({"diff", a, c, "--tolerance", "0.5"}).exit_code == 0);
  const std::string d = save_to(folder, "d.safetensors", tests::random_model({2, 5, 3}, 1));
  CHECK(run_pare({"diff", a, d}).exit_code == 1);
  CHECK(run_pare({"convert", a, (folder.path() / "a.txt").string()}).err.find("ends in") !=
        std::string::npos);
}

TEST_CASE("predict takes columns by their names, and gives labels and scores") {
  const Folder folder;
  const nn::Model model = classifier();
  const std::string path = save_to(folder, "weather.safetensors", model);
  const std::string data =
      folder.write("d.csv", "time,degC,hPa\n1,21.5,1001\n2,-3,1020.5\n3,20,1013\n");
  const std::string out = (folder.path() / "out.csv").string();
  CHECK(run_pare({"predict", path, data, "--out", out}).exit_code == 0);
  const nn::Matrix inputs{{1001, 21.5F}, {1020.5F, -3}, {1013, 20}};
  const nn::Matrix outputs = nn::forward(model, inputs);
  const nn::Matrix scores = nn::softmax(outputs);
  std::string expected = "label,fog,\"rain, some\",sun\n";
  for (nn::Index i = 0; i < 3; ++i) {
    const auto best = nn::predicted_classes(model, outputs)[static_cast<std::size_t>(i)];
    const char* names[] = {"fog", "\"rain, some\"", "sun"};
    expected += fmt::format("{},{},{},{}\n", names[best], scores(i, 0), scores(i, 1), scores(i, 2));
  }
  CHECK(tests::read_file(out) == expected);
  const std::string wrong = folder.write("w.csv", "a,b,c\n1,2,3\n");
  CHECK(
      run_pare({"predict", path, wrong}).err ==
      fmt::format("pare: {}: the model takes the columns hPa, degC, and it has a, b, c\n", wrong));
}

TEST_CASE("predict gives both probabilities of a model with one sigmoid output") {
  const Folder folder;
  nn::Model model{{nn::DenseLayer{nn::Matrix{{2}}, nn::Vector{{0}}, nn::Activation::sigmoid}}};
  model.outputs.names = {"no", "yes"};
  const std::string path = save_to(folder, "alarm.safetensors", model);
  const std::string data = folder.write("d.csv", "x\n0\n-1\n1\n");
  const auto result = run_pare({"predict", path, data});
  CHECK(result.out.starts_with("label,no,yes\nyes,0.5,0.5\nno,0.88"));
}

TEST_CASE("a config starts from a model file, and without data measures against the model" *
          doctest::test_suite("slow")) {
  const Folder folder;
  save_to(folder, "weather.safetensors", classifier());
  const std::string config =
      folder.write("c.toml",
                   "[model]\nfile = \"weather.safetensors\"\n[data]\ntest_samples = 400\n"
                   "[[variants]]\nname = \"as-is\"\n"
                   "[[variants]]\nname = \"int8\"\npasses = [\"quantize_int8\"]\n");
  const std::string out = (folder.path() / "results").string();
  REQUIRE(run_pare({"run", config, "--out", out}).exit_code == 0);
  const auto rows = experiments::read_rows(out).variants;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0][0].score("top1") == 100);  // it is the model itself
  CHECK(rows[1][0].score("top1").value_or(0) > 97);
  CHECK(rows[1][0].boards.at("nano33ble").bit_exact == 400);
  const experiments::StoredVariant stored = experiments::load_variant(out, "int8");
  CHECK(stored.artefact.model.outputs.names == classifier().outputs.names);
  CHECK(stored.artefact.model.inputs.offset == classifier().inputs.offset);
  const std::string file = (folder.path() / "int8.safetensors").string();
  CHECK(run_pare({"export", out, "int8", "--to", file}).exit_code == 0);
  CHECK(nn::to_safetensors(nn::load(file)) == nn::to_safetensors(stored.artefact.model));
}

TEST_CASE("a model file that does not fit the config or the data is refused, with the place") {
  const Folder folder;
  save_to(folder, "m.safetensors", classifier());
  const std::string variant = "[[variants]]\nname = \"a\"\n";
  const auto error = [&](const std::string& text) {
    const std::string config = folder.write("c.toml", text + variant);
    const std::string err = tests::refusal({"run", config});
    return err.substr(std::string("pare: ").size());
  };
  const std::string here = folder.path().string();
  CHECK(error("[model]\nfile = \"n.safetensors\"\n") ==
        fmt::format("{0}/c.toml:2:1: {0}/n.safetensors: it cannot be opened\n", here));
  CHECK(error("[model]\nfile = \"m.safetensors\"\nhidden = [3]\n") ==
        fmt::format("{}/c.toml:3:1: unknown option 'hidden' of [model]; known: file, activation, "
                    "output, layers\n",
                    here));
  CHECK(error("[data]\nsource = \"random\"\n") ==
        fmt::format("{}/c.toml:2:1: source = \"random\" needs a model: [model] file = \"FILE\"\n",
                    here));
  CHECK(error("[model]\nfile = \"m.safetensors\"\n[data]\nsource = \"sine\"\n") ==
        "the model of [model] takes 2 inputs, and the data has 1 features\n");
}

TEST_CASE(
    "formats lists them, and an activation that there is not is answered with those there are") {
  const auto result = run_pare({"formats", "--format", "csv"});
  CHECK(
      result.out.starts_with("format,files,written,what it holds\nsafetensors,.safetensors,yes,"));
  CHECK(result.out.find("\nONNX,.onnx,yes,") != std::string::npos);
  CHECK(tests::refusal({"inspect", "m.safetensors", "--activation", "rellu"}) ==
        "pare: there is no activation 'rellu'; there are: identity, relu, relu6, leaky_relu, elu, "
        "softplus, silu, gelu, tanh, sigmoid; did you mean 'relu'?\n");
}

TEST_CASE("init writes a config that loads, once, with what was found as comments") {
  const Folder folder;
  const std::string path = save_to(folder, "my weather.safetensors", classifier());
  const std::string in = folder.path().string();
  const auto result = run_pare({"init", path}, {}, in);
  CHECK(result.exit_code == 0);
  const std::string config = (folder.path() / "my_weather.toml").string();
  CHECK(tests::read_file(config) == result.out);
  for (const char* text :
       {"holds 2-6-3 in float32, 39 parameters", "# classes: fog, rain, some, sun",
        "file = \"my weather.safetensors\"\n", "source = \"random\"\n"}) {
    CAPTURE(text);
    CHECK(result.out.find(text) != std::string::npos);
  }
  const experiments::Experiment experiment = experiments::load_experiment(config, {});
  CHECK(experiment.name == "my_weather");
  CHECK(experiment.variants.size() == 3);
  REQUIRE(experiment.model.file);
  CHECK(nn::to_safetensors(experiment.model.file->model) == nn::to_safetensors(classifier()));
  CHECK(run_pare({"init", path}, {}, in).err ==
        "pare: my_weather.toml exists: name another one with --out, or replace it with --force\n");
  CHECK(run_pare({"init", path, "--force"}, {}, in).exit_code == 0);
}

TEST_CASE("features and classes of a table are matched to a model's by their names") {
  const Folder folder;
  save_to(folder, "m.safetensors", classifier());
  const nn::Model model = classifier();
  const nn::Matrix inputs{{1000, 5}, {1030, 25}, {1013, -10}, {990, 40}, {1020, 0}, {1005, 12}};
  const auto classes = nn::predicted_classes(model, nn::forward(model, inputs));
  std::string table = "degC,extra,hPa,weather\n";
  for (int copy = 0; copy < 3; ++copy) {
    for (nn::Index i = 0; i < inputs.rows(); ++i) {
      table += fmt::format(
          "{},7,{},\"{}\"\n", inputs(i, 1), inputs(i, 0),
          model.outputs.names[static_cast<std::size_t>(classes[static_cast<std::size_t>(i)])]);
    }
  }
  const auto load = [&](const std::string& text) {
    folder.write("t.csv", text);
    const std::string path =
        folder.write("c.toml",
                     "[data]\nsource = \"csv\"\ntrain = \"t.csv\"\ntest = \"t.csv\"\n[model]\n"
                     "file = \"m.safetensors\"\n[[variants]]\nname = \"a\"\n");
    return experiments::make_data(experiments::load_experiment(path, {}), 1);
  };
  const nn::Split data = load(table);
  CHECK(data.test.inputs.topRows(6) == inputs);
  CHECK(data.test.class_names == model.outputs.names);
  CHECK(data.test.targets.topRows(6) == nn::one_hot(classes, 3));
  CHECK(data.notes.back() == "the model does not take 'extra', which is left out");
  CHECK_THROWS_WITH(load(table + "1,7,1000,hail\n"),
                    "the model has no class 'hail'; its classes are fog, rain, some, sun");
}

TEST_CASE("predict takes the texts of a category") {
  const Folder folder;
  nn::Model model = tests::random_model({3, 4, 2}, 3);
  model.inputs.names = {"kind=blue", "kind=red", "x"};
  const std::string path = save_to(folder, "m.safetensors", model);
  const std::string data = folder.write("t.csv", "x,kind\n5,red\n6,blue\n");
  const auto result = run_pare({"predict", path, data});
  CHECK(result.exit_code == 0);
  CHECK(result.out == run_pare({"predict", path, folder.write("n.csv", "0,1,5\n1,0,6\n")}).out);
  CHECK(run_pare({"predict", path, folder.write("u.csv", "x,kind\n5,red\n6,green\n")})
            .err.find("u.csv:3: column 'kind': 'green' is no value that the model knows, which are "
                      "blue, red") != std::string::npos);
}

TEST_CASE("columns are not taken by place where some titles are those of the inputs") {
  const Folder folder;
  const std::string path = save_to(folder, "m.safetensors", classifier());
  const auto predict = [&](const std::string& text) {
    return run_pare({"predict", path, folder.write("t.csv", text)});
  };
  CHECK(predict("hPa,degc\n1000,5\n")
            .err.find("the model takes the columns hPa, degC, and it has hPa, "
                      "degc") != std::string::npos);
  const auto by_place = predict("a,b\n1000,5\n");
  CHECK(by_place.exit_code == 0);
  CHECK(by_place.err.find("no column has the title of an input") != std::string::npos);
  CHECK(by_place.out == predict("degC,hPa\n5,1000\n").out);
}
