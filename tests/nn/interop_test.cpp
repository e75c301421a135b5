// Model files of ours in the runtimes of others.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "nn/activation.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/helpers.h"
#include "tests/interop/runtimes.h"
#include "tests/mcu/random_int8.h"

using namespace pare;
using namespace pare::nn;
using tests::Case;
using tests::Comparison;
using tests::Runtime;

namespace {

constexpr Index kSamples = 1000;

std::vector<Index> widths(std::uint64_t seed) {
  const std::vector<std::vector<Index>> all{{20, 40, 30, 5}, {1, 16, 16, 1}, {9, 3}};
  return all[Random(seed, 4).below(3)];
}

/// Every function, with its usual parameter.
std::vector<Activation> activations() {
  std::vector<Activation> all;
  for (const auto function : activation_functions()) {
    all.push_back({function, function().info.alpha.value_or(0)});
  }
  return all;
}

/// Random inputs that reach about as far as `reach`.
Case random_case(const std::string& name, const Model& model, float reach, std::uint64_t seed) {
  return {name, model, reach * tests::random_matrix(kSamples, input_count(model), seed)};
}

/// Random inputs that int8 holds exactly.
Case int8_case(const std::string& name, const Model& model, std::uint64_t seed) {
  const Int8Matrix inputs = tests::random_int8_inputs(kSamples, input_count(model), seed);
  return {name, model, dequantize(inputs, input_quantization(model))};
}

/// With biases above 0, so that no ReLU leaves of an output only what is rounded.
Model float_model(Activation activation, std::uint64_t seed) {
  Model model = tests::random_model(widths(seed), seed);
  Random random(seed, 5);
  for (Layer& any : model.layers) {
    auto& layer = std::get<DenseLayer>(any);
    layer.activation = activation;
    for (float& bias : layer.bias) bias = static_cast<float>(random.uniform(0, 1));
  }
  return model;
}

/// Ends of every kind that change numbers.
void add_ends(Model& model, Activation activation, std::uint64_t seed) {
  const auto around_one = [&](Index size) -> RowVector {
    return tests::random_matrix(1, size, ++seed).array() / 2 + 1;
  };
  model.inputs.offset = around_one(input_count(model));
  model.inputs.factor = around_one(input_count(model));
  model.inputs.activation = activation;
  model.outputs.factor = around_one(output_count(model));
  model.outputs.offset = around_one(output_count(model));
}

/// The layers end in `activation`, but for the last. A pre-activation's scale is such that no real
/// lies in the middle between two outputs: there runtimes go different ways.
Model int8_model(const std::vector<Index>& widths, Activation activation, bool scale_a_row,
                 Requantizing requantizing, std::uint64_t seed) {
  Model model = tests::random_int8_model(widths, seed);
  Random random(seed, 6);
  Quantization input = input_quantization(model);
  for (Layer& any : model.layers) {
    auto& layer = std::get<Int8Layer>(any);
    layer.input = input;
    layer.requantizing = requantizing;
    if (!scale_a_row) layer.weight_scales = layer.weight_scales.head(1).eval();
    layer.activation = int8_activation(activation, layer.output);
    if (has_table(layer.activation)) {
      const bool cuts = layer.activation == Activation::relu6;
      layer.pre_activation =
          cuts ? layer.output : Quantization{0.0471F, tests::random_integer(random, -128, 127)};
      layer.output = table_output(layer.activation).value_or(layer.output);
    }
    input = layer.output;
  }
  check(model);
  return model;
}

std::string name_of(const Model& model, Activation activation, std::string_view detail) {
  return fmt::format("{}, {}, {}", text(activation), name(model.outputs.meaning), detail);
}

/// How many outputs of all cases differ, and how many there are.
struct Count {
  Index different = 0;
  Index outputs = 0;
};

Count count(const std::vector<Comparison>& compared) {
  Count result;
  for (const Comparison& one : compared) {
    result.different += one.different();
    result.outputs += one.ours.size();
  }
  return result;
}

/// The largest difference in steps of the outputs of an int8 model without ends.
float steps(const Case& tried, const Comparison& compared) {
  return compared.largest_difference() / output_quantization(tried.model).scale;
}

constexpr Meaning kMeanings[] = {Meaning::values, Meaning::probabilities,
                                 Meaning::log_probabilities};

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("other runtimes give what a float model's file says") {
    const std::map<std::string, std::string> refused{
        {"tflite",
         "inputs: TFLite has no elu(0.5)\ninputs: TFLite has no silu\n"
         "inputs: TFLite has no softplus\nlayer0: TFLite has no elu(0.5)\n"
         "layer0: TFLite has no silu\nlayer0: TFLite has no softplus\n"},
        {"onnx", ""}};
    std::vector<Case> all;
    std::vector<Activation> tried = activations();
    tried.insert(tried.end(), {*find_activation("elu(0.5)"), *find_activation("leaky_relu(0.3)")});
    for (const Activation activation : tried) {
      for (const Meaning meaning : kMeanings) {
        for (const bool has_ends : {false, true}) {
          const std::uint64_t seed = all.size();
          Model model = float_model(activation, seed);
          model.outputs.meaning = meaning;
          if (has_ends) add_ends(model, activation, seed);
          all.push_back(random_case(
              name_of(model, activation, has_ends ? "with ends" : "without ends"), model, 8, seed));
        }
      }
    }
    for (const Runtime& runtime : tests::runtimes()) {
      std::vector<Case> cases = all;
      CHECK(tests::remove_unwritable(runtime, cases) == refused.at(runtime.ending));
      const std::vector<Comparison> compared = tests::compare(runtime, cases);
      CHECK(tests::names_of_different(cases, compared) == "");
      float largest = 0;
      for (const Comparison& one : compared) {
        largest = std::max(largest, one.largest_difference() / one.largest());
      }
      MESSAGE(runtime.package << ", " << cases.size() << " float models: at most " << largest
                              << " of the largest output off");
    }
  }

  TEST_CASE("other runtimes give the outputs of an int8 model that rounds once") {
    const std::map<std::string, std::string> refused{
        {"tflite",
         "layer0: TFLite has no silu\nlayer0: TFLite has no softplus\n"
         "layer0: elu(1) is not written in int8\nlayer0: gelu is not written in int8\n"},
        {"onnx", ""}};
    std::vector<Case> all;
    for (const Activation activation : activations()) {
      for (const Meaning meaning : kMeanings) {
        for (const bool scale_a_row : {false, true}) {
          const std::uint64_t seed = all.size();
          Model model = int8_model(widths(seed), activation, scale_a_row,
                                   Requantizing::single_rounding, seed);
          model.outputs.meaning = meaning;
          if (meaning == Meaning::values) add_ends(model, activation, seed);
          all.push_back(
              random_case(name_of(model, activation, scale_a_row ? "a scale a row" : "one scale"),
                          model, 13, seed));
        }
      }
    }
    for (const Runtime& runtime : tests::runtimes()) {
      std::vector<Case> cases = all;
      CHECK(tests::remove_unwritable(runtime, cases) == refused.at(runtime.ending));
      const bool tflite = runtime.ending == "tflite";
      if (tflite) {  // its LEAKY_RELU has a test of its own
        std::erase_if(cases, [](const Case& tried) { return tried.name.starts_with("leaky"); });
      }
      const std::vector<Comparison> compared = tests::compare(runtime, cases);
      if (tflite) CHECK(tests::names_of_different(cases, compared) == "");
      // ONNX Runtime computes in float32 between integers, which now and then takes a number across
      // the middle between two of them. Measured: so 3 of 180,000 outputs differ.
      const auto [different, outputs] = count(compared);
      CHECK(different <= outputs / 20'000);
      MESSAGE(runtime.package << ", " << cases.size() << " int8 models: " << different << " of "
                              << outputs << " outputs differ");
    }
  }

  // XNNPACK computes it for TensorFlow Lite. Source: google/XNNPACK,
  // test/vlrelu-microkernel-tester.h; TensorFlow Lite Micro rounds to 2^-31.
  TEST_CASE("TensorFlow Lite's slopes of an int8 leaky ReLU are multiples of 1/256") {
    for (const Runtime& runtime : tests::runtimes()) {
      if (runtime.ending != "tflite") continue;
      std::vector<Case> exact;
      std::vector<Case> near;
      for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const auto leaky = [&](double alpha, float from, float to) {
          Model model = int8_model({20, 40}, *find_activation(fmt::format("leaky_relu({})", alpha)),
                                   true, Requantizing::single_rounding, seed);
          auto& layer = std::get<Int8Layer>(model.layers[0]);
          layer.pre_activation.scale = from;
          layer.output.scale = to;
          return int8_case(fmt::format("{}, {} to {}", alpha, from, to), model, seed);
        };
        exact.push_back(leaky(0.25, 0.05F, 0.05F));
        exact.push_back(leaky(0.125, 0.125F, 0.0625F));
        near.push_back(leaky(0.01, 0.0471F, 0.1F));
        near.push_back(leaky(0.2, 0.0471F, 0.05F));
      }
      CHECK(tests::names_of_different(exact, tests::compare(runtime, exact)) == "");
      const std::vector<Comparison> compared = tests::compare(runtime, near);
      for (std::size_t i = 0; i < near.size(); ++i) {
        CAPTURE(near[i].name);
        CHECK(steps(near[i], compared[i]) < 1.01F);
      }
      // Measured: 4.9 %.
      const auto [different, outputs] = count(compared);
      CHECK(different > 0);
      CHECK(different < outputs * 6 / 100);
      MESSAGE("other slopes: " << different << " of " << outputs << " outputs are a step off");
    }
  }

  TEST_CASE("in other runtimes a layer that rounds twice is at most a step off") {
    for (const Runtime& runtime : tests::runtimes()) {
      std::vector<Case> cases;
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const bool scale_a_row = seed % 2 == 0;
        const Model model =
            int8_model({20, 40}, seed % 4 < 2 ? Activation::identity : Activation::relu,
                       scale_a_row, Requantizing::double_rounding, seed);
        cases.push_back(int8_case(fmt::format("seed {}", seed), model, seed));
      }
      const std::vector<Comparison> compared = tests::compare(runtime, cases);
      for (std::size_t i = 0; i < cases.size(); ++i) {
        CAPTURE(cases[i].name);
        CHECK(steps(cases[i], compared[i]) < 1.01F);
      }
      const auto [different, outputs] = count(compared);
      CHECK(different > 0);
      CHECK(different < outputs / 900);  // measured: 758 and 757 of 800,000
      MESSAGE(runtime.package << ", layers that round twice: " << different << " of " << outputs
                              << " outputs are a step off");
    }
  }
}
