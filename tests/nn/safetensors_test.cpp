#include "nn/safetensors.h"

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>

#include "nn/activation.h"
#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::Folder;
using pare::tests::read_file;

namespace {

Model int8_model() {
  Int8Layer layer{Int8Matrix(2, 3), Int32Vector(2), Vector(2),
                  {0.1F, -7},       {0.3F, 9},      Activation::relu};
  layer.weights << 1, -127, 3, 127, 0, -6;
  layer.bias << -1000, 2000;
  layer.weight_scales << 0.01F, 0.02F;
  return Model{{layer}};
}

std::string load_error(const std::string& path) {
  try {
    load(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a float model comes back from its file bit for bit") {
  const Folder folder;
  const auto path = folder.path() / "m.safetensors";
  const Model model = pare::tests::random_model({3, 5, 2}, 4);
  save(model, path);
  const Model loaded = load(path);
  REQUIRE(loaded.layers.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& before = std::get<DenseLayer>(model.layers[i]);
    const auto& after = std::get<DenseLayer>(loaded.layers[i]);
    CHECK(before.weights == after.weights);
    CHECK(before.bias == after.bias);
    CHECK(before.activation == after.activation);
  }
}

TEST_CASE("an int8 model comes back from its file bit for bit") {
  const Folder folder;
  const auto path = folder.path() / "m.safetensors";
  save(int8_model(), path);
  const Model loaded = load(path);
  const auto before = std::get<Int8Layer>(int8_model().layers[0]);
  const auto& after = std::get<Int8Layer>(loaded.layers[0]);
  CHECK(before.weights == after.weights);
  CHECK(before.bias == after.bias);
  CHECK(before.weight_scales == after.weight_scales);
  CHECK(before.input.scale == after.input.scale);
  CHECK(before.input.zero_point == after.input.zero_point);
  CHECK(before.output.scale == after.output.scale);
  CHECK(before.output.zero_point == after.output.zero_point);
  CHECK(after.activation == Activation::relu);
}

TEST_CASE("tanh and sigmoid come back from a file, with the pre-activation's quantization") {
  const Folder folder;
  const auto path = folder.path() / "m.safetensors";
  for (const Activation activation : {Activation::tanh, Activation::sigmoid}) {
    auto layer = std::get<Int8Layer>(int8_model().layers[0]);
    layer.activation = activation;
    layer.output = table_output(activation);
    layer.pre_activation = {0.03F, -17};
    save(Model{{layer}}, path);
    const Model loaded = load(path);
    const auto& after = std::get<Int8Layer>(loaded.layers[0]);
    CHECK(after.activation == activation);
    CHECK(after.pre_activation.scale == 0.03F);
    CHECK(after.pre_activation.zero_point == -17);
  }
}

TEST_CASE("how often a layer rounds comes back from a file; a file that is silent means twice") {
  const Folder folder;
  const auto path = folder.path() / "m.safetensors";
  Model model = int8_model();
  auto& layer = std::get<Int8Layer>(model.layers[0]);
  layer.requantizing = Requantizing::single_rounding;
  save(model, path);
  CHECK(std::get<Int8Layer>(load(path).layers[0]).requantizing == Requantizing::single_rounding);
  std::string bytes = read_file(path);
  const auto replace = [&](const std::string& from, const std::string& to) {
    REQUIRE(from.size() == to.size());
    bytes.replace(bytes.find(from), from.size(), to);
    std::ofstream(path, std::ios::binary) << bytes;
  };
  replace("layers.0.requantizing", "layers.0.requantizinG");
  CHECK(std::get<Int8Layer>(load(path).layers[0]).requantizing == Requantizing::double_rounding);
  replace("layers.0.requantizinG", "layers.0.requantizing");
  replace("single_rounding", "triple_rounding");
  CHECK(load_error(path).ends_with("layers.0.requantizing is 'triple_rounding'"));
}

TEST_CASE("the file is safetensors: a length, a JSON header, the tensors' bytes") {
  const Folder folder;
  const auto path = folder.path() / "m.safetensors";
  save(Model{{DenseLayer{Matrix{{1.5F}}, Vector{{-2}}, Activation::identity}}}, path);
  const std::string bytes = read_file(path);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK((8 + length) % 8 == 0);
  CHECK(bytes.size() == 8 + length + 8);
  CHECK(bytes.find(R"("layers.0.weight":{"data_offsets":[0,4],"dtype":"F32","shape":[1,1]})") !=
        std::string::npos);
  float weight = 0;
  std::memcpy(&weight, bytes.data() + 8 + length, 4);
  CHECK(weight == 1.5F);
}

TEST_CASE("a damaged model file says what is wrong with it") {
  const Folder folder;
  const std::string path = (folder.path() / "m.safetensors").string();
  save(int8_model(), path);
  const std::string good = read_file(path);
  const std::string prefix = path + " is not a whole model file: ";

  CHECK(load_error((folder.path() / "none").string()) ==
        (folder.path() / "none").string() + " is not a whole model file: it cannot be opened");
  folder.write("m.safetensors", good.substr(0, 5));
  CHECK(load_error(path) == prefix + "it is shorter than the 8 bytes of its header's length");
  folder.write("m.safetensors", good.substr(0, 100));
  std::uint64_t length = 0;
  std::memcpy(&length, good.data(), 8);
  CHECK(load_error(path) == prefix + "its header should have " + std::to_string(length) +
                                " bytes, but the file ends after 92");
  folder.write("m.safetensors", good.substr(0, good.size() - 1));
  CHECK(load_error(path) == prefix + "its tensors need 38 bytes, but 37 follow the header");
  std::string flipped = good;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  folder.write("m.safetensors", flipped);
  CHECK(load_error(path) == prefix + "the checksum of its data is wrong; the file is corrupted");
  std::string headless = good;
  headless[8] = 'x';
  folder.write("m.safetensors", headless);
  CHECK(load_error(path) == prefix + "its header is not a JSON object");
}

TEST_CASE("a damaged byte of a model file gives a clear error, or harms nothing that is read") {
  const Folder folder;
  const std::string path = (folder.path() / "m.safetensors").string();
  save(int8_model(), path);
  const std::string good = read_file(path);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    folder.write("m.safetensors", damaged);
    const std::string error = load_error(path);
    if (error.empty()) continue;
    CHECK(error.starts_with(path + " is not a whole model file: "));
    ++refused;
  }
  CHECK(refused > good.size() * 3 / 4);
}
