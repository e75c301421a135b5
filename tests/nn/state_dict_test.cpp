// Models in the tensors that PyTorch saves.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <map>

#include "nn/activation.h"
#include "nn/formats/format.h"
#include "nn/formats/safetensors.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::Folder;

namespace {

struct Tensor {
  std::string dtype;
  std::vector<Index> shape;
  std::string bytes;
};

Tensor floats(std::vector<Index> shape, const std::vector<float>& values) {
  return {"F32",
          std::move(shape),
          {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}};
}

/// A safetensors file, as any other program may write it.
std::string file_of(const std::map<std::string, Tensor>& tensors) {
  std::string header = "{";
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    std::string shape;
    for (const Index extent : tensor.shape)
      shape += fmt::format("{}{}", shape.empty() ? "" : ",", extent);
    header += fmt::format(R"({}"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                          header.size() > 1 ? "," : "", name, tensor.dtype, shape, data.size(),
                          data.size() + tensor.bytes.size());
    data += tensor.bytes;
  }
  header += "}";
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

std::map<std::string, Tensor> two_layers() {
  return {{"fc2.weight", floats({2, 3}, {1, 2, 3, 4, 5, 6})},
          {"fc2.bias", floats({2}, {7, 8})},
          {"fc10.weight", floats({1, 2}, {-1, 1})}};
}

ReadModel read(const std::map<std::string, Tensor>& tensors, const ReadOptions& options = {}) {
  const Folder folder;
  return read_model(folder.write("net.safetensors", file_of(tensors)), options);
}

std::string error_of(const std::map<std::string, Tensor>& tensors,
                     const ReadOptions& options = {}) {
  try {
    read(tensors, options);
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    return what.substr(what.find(": ") + 2);
  }
  return "accepted";
}

}  // namespace

TEST_CASE("linear layers come in the order of their names, numbers as numbers") {
  const ReadModel net = read(two_layers());
  REQUIRE(net.model.layers.size() == 2);
  const auto& first = std::get<DenseLayer>(net.model.layers[0]);
  CHECK(first.weights == Matrix{{1, 2, 3}, {4, 5, 6}});
  CHECK(first.bias == Vector{{7, 8}});
  CHECK(first.activation == Activation::relu);
  const auto& second = std::get<DenseLayer>(net.model.layers[1]);
  CHECK(second.weights == Matrix{{-1, 1}});
  CHECK(second.bias == Vector{{0}});
  CHECK(second.activation == Activation::identity);
  REQUIRE(net.notes.size() == 1);
  CHECK(net.notes[0] ==
        "a state_dict does not say what its layers end in: relu between them, as `activation` "
        "says, and nothing behind the last");
  CHECK(std::get<DenseLayer>(read(two_layers(), {.activation = Activation::tanh}).model.layers[0])
            .activation == Activation::tanh);
}

TEST_CASE("the layers' order can be said, and what does not chain is refused") {
  auto tensors = two_layers();
  tensors["input.weight"] = floats({3, 4}, std::vector<float>(12, 0.5F));
  CHECK(error_of(tensors) ==
        "input has 4 inputs, but fc10 before it has 1 outputs; say the layers' order with layers = "
        "[\"...\"]");
  const ReadModel net = read(tensors, {.layers = {"input", "fc2", "fc10"}});
  CHECK(net.model.layers.size() == 3);
  CHECK(error_of(tensors, {.layers = {"input", "fc3"}}) ==
        "layers names 'fc3', and it has: fc2, fc10, input");
}

TEST_CASE("BatchNorm1d goes into its layer, or behind the activation where there is a gap") {
  std::map<std::string, Tensor> tensors{{"0.weight", floats({2, 1}, {1, -1})},
                                        {"0.bias", floats({2}, {0, 0})},
                                        {"1.weight", floats({2}, {2, 2})},
                                        {"1.bias", floats({2}, {1, 1})},
                                        {"1.running_mean", floats({2}, {0.5F, 0})},
                                        {"1.running_var", floats({2}, {0.99999F, 3.99999F})},
                                        {"3.weight", floats({1, 2}, {1, 1})}};
  tensors["1.num_batches_tracked"] = {"I64", {}, std::string(8, '\0')};
  // relu((x - 0.5) 2 + 1) + relu((-x) + 1) for x = 3: 6
  CHECK(forward(read(tensors).model, Matrix{{3}})(0, 0) == doctest::Approx(6));
  // Linear 0, ReLU 1, BatchNorm 2: (relu(x) - 0.5) 2 + 1 + (relu(-x)) + 1 for x = 3: 7
  for (const char* part :
       {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}) {
    tensors[std::string("2.") + part] = tensors.at(std::string("1.") + part);
    tensors.erase(std::string("1.") + part);
  }
  CHECK(forward(read(tensors).model, Matrix{{3}})(0, 0) == doctest::Approx(7));
}

TEST_CASE("numbers of 16 and 64 bits are read, others are refused") {
  const auto tensor = [](const char* dtype, const std::vector<std::uint16_t>& bits) {
    return Tensor{dtype, {1, 3}, {reinterpret_cast<const char*>(bits.data()), 2 * bits.size()}};
  };
  const auto weights = [](const Tensor& values) {
    return std::get<DenseLayer>(read({{"a.weight", values}}).model.layers[0]).weights;
  };
  CHECK(weights(tensor("F16", {0x3C00, 0xC500, 0x0001})) == Matrix{{1, -5, 0x1p-24F}});
  CHECK(weights(tensor("BF16", {0x3F80, 0xC0A0, 0x0000})) == Matrix{{1, -5, 0}});
  const std::vector<double> doubles{1, -5, 0.1};
  CHECK(weights({"F64", {1, 3}, {reinterpret_cast<const char*>(doubles.data()), 24}}) ==
        Matrix{{1, -5, 0.1F}});
  CHECK(error_of({{"a.weight", tensor("I16", {1, 2, 3})}}) ==
        "tensor a.weight is I16, expected F32, F16, BF16 or F64");
}

TEST_CASE("what is no MLP is refused, all of it at once") {
  auto tensors = two_layers();
  tensors["conv.weight"] = floats({2, 1, 3, 3}, std::vector<float>(18, 1));
  tensors["lstm.weight_ih_l0"] = floats({4, 1}, {1, 2, 3, 4});
  CHECK(error_of(tensors) ==
        "conv (weight) is neither torch.nn.Linear nor torch.nn.BatchNorm1d; lstm (weight_ih_l0) is "
        "neither torch.nn.Linear nor torch.nn.BatchNorm1d");
  CHECK(error_of({}) == "it has no NAME.weight of two dimensions, so that there is no layer in it");
  tensors = two_layers();
  tensors["fc2.weight"].bytes.resize(20);
  CHECK(error_of(tensors).starts_with("tensor fc2.weight lies at bytes "));
  CHECK(error_of({{"a.weight", floats({1, 1}, {std::nanf("")})}}) ==
        "layer 0: a weight or bias is not finite; a lower learning rate may help");
}

TEST_CASE("files that are no models are called what they are") {
  const Folder folder;
  const auto error = [&](const std::string& name, const std::string& bytes) {
    try {
      read_model(folder.write(name, bytes));
    } catch (const std::runtime_error& refused) {
      return std::string(refused.what()).substr(folder.path().string().size() + name.size() + 3);
    }
    return std::string("accepted");
  };
  CHECK(error("a.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
            .starts_with("it is a Git LFS pointer, not the model itself; run: git lfs pull"));
  CHECK(error("a.tflite", "\n<!DOCTYPE html>\n<html>").starts_with("it is a web page (HTML)"));
  CHECK(error("a.pt", "PK\x03\x04...").find("save_file(model.state_dict(), ") != std::string::npos);
  CHECK(error("a.h5", "\x89HDF\r\n\x1a\n").find("from_keras_model") != std::string::npos);
  CHECK(error("a.pkl", "\x80\x04\x95").find("skl2onnx") != std::string::npos);
  CHECK(error("a.onnx", "") == "it is empty");
  CHECK(error("a.xyz", "hello").starts_with("it is of no known format; model files end in "));
  CHECK(error("a.safetensors", "hello") == "it is no safetensors file, though its name says so");
  CHECK_THROWS_WITH(read_model("/nowhere/a.onnx"), "/nowhere/a.onnx: it cannot be opened");
  std::filesystem::create_directory(folder.path() / "saved");
  folder.write("saved/saved_model.pb", "x");
  CHECK_THROWS_WITH(read_model(folder.path() / "saved"),
                    doctest::Contains("TensorFlow SavedModel"));
}

TEST_CASE("pare's own files are read as any model's, and written by their ending") {
  const Folder folder;
  const Model model = pare::tests::random_model({3, 4, 2}, 8);
  const auto path = folder.path() / "m.safetensors";
  CHECK(write_model(model, path).empty());
  CHECK(to_safetensors(read_model(path).model) == to_safetensors(model));
  CHECK_THROWS_WITH(write_model(model, folder.path() / "m.txt"),
                    doctest::Contains("a model is written to a file that ends in "));
}
