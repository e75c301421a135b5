#include "nn/formats/safetensors.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zlib.h>

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

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

/// A file of int8_model() whose header was changed, with the length and the checksum that then
/// belong to it.
std::string sealed(std::string file) {
  constexpr std::size_t kDataBytes = 38;
  const std::uint64_t length = file.size() - 8 - kDataBytes;
  std::memcpy(file.data(), &length, 8);
  const std::size_t digits = file.find(R"("crc32":")") + 9;
  file.replace(digits, 8, "00000000");
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(file.data()), file.size());
  return file.replace(digits, 8, fmt::format("{:08x}", crc));
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
    layer.output = *table_output(activation);
    layer.pre_activation = {0.03F, -17};
    save(Model{{layer}}, path);
    const Model loaded = load(path);
    const auto& after = std::get<Int8Layer>(loaded.layers[0]);
    CHECK(after.activation == activation);
    CHECK(after.pre_activation.scale == 0.03F);
    CHECK(after.pre_activation.zero_point == -17);
  }
}

TEST_CASE("a model's ends and an activation's parameter come back from a file") {
  const Folder folder;
  const auto path = folder.path() / "m.safetensors";
  Model model{{DenseLayer{Matrix{{1, 2}}, Vector{{3}}, Activation::sigmoid}}};
  model.inputs = {RowVector{{1013, -5}},
                  RowVector{{0.5F, 1e7F}},
                  *find_activation("elu(0.5)"),
                  {"pressure", "\"x\""}};
  model.outputs = {RowVector{{2}}, RowVector{{-1}}, Meaning::logits, {"no", "yes"}};
  save(model, path);
  const Model loaded = load(path);
  CHECK(loaded.inputs.offset == model.inputs.offset);
  CHECK(loaded.inputs.factor == model.inputs.factor);
  CHECK(text(loaded.inputs.activation) == "elu(0.5)");
  CHECK(loaded.inputs.names == model.inputs.names);
  CHECK(loaded.outputs.factor == model.outputs.factor);
  CHECK(loaded.outputs.offset == model.outputs.offset);
  CHECK(loaded.outputs.meaning == Meaning::logits);
  CHECK(loaded.outputs.names == model.outputs.names);
}

TEST_CASE("how often a layer rounds comes back from a file") {
  const Folder folder;
  const auto path = folder.path() / "m.safetensors";
  Model model = int8_model();
  for (const Requantizing r : {Requantizing::single_rounding, Requantizing::double_rounding}) {
    std::get<Int8Layer>(model.layers[0]).requantizing = r;
    save(model, path);
    CHECK(std::get<Int8Layer>(load(path).layers[0]).requantizing == r);
  }
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
  for (const std::string& changed : {good.substr(0, good.size() - 1), good + "x",
                                     replaced(good, R"("layers":"1")", R"("layers":"2")"),
                                     replaced(good, R"("crc32")", R"("crc23")")}) {
    folder.write("m.safetensors", changed);
    CHECK(load_error(path) == prefix + "its checksum is wrong; the file is corrupted");
  }
  std::string headless = good;
  headless[8] = 'x';
  folder.write("m.safetensors", headless);
  CHECK(load_error(path) == prefix + "its header is not a JSON object");
}

TEST_CASE("a whole file that is not a model says what it has too little or too much of") {
  const Folder folder;
  const std::string path = (folder.path() / "m.safetensors").string();
  const auto error = [&](const std::string& from, const std::string& to) {
    save(int8_model(), path);
    folder.write("m.safetensors", sealed(replaced(read_file(path), from, to)));
    const std::string text = load_error(path);
    const std::string prefix = path + " is not a whole model file: ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  };
  CHECK(error("pare 2", "pare 1") ==
        "its format is 'pare 1', and this version of pare reads 'pare 2'");
  CHECK(error(R"("layers":"1")", R"("layers":"2")") == "tensor layers.1.weight is missing");
  CHECK(error(R"("layers":"1")", R"("layers":"0")").ends_with(" is unknown"));
  CHECK(error(R"("layers":"1")", R"("layers":"x")") == "it says 'x' layers");
  CHECK(error(R"("layers":"1")", R"("lairs": "1")") == "its header has no layers");
  CHECK(error("layers.0.requantizing", "layers.0.requantizinG") ==
        "its header has no layers.0.requantizing");
  CHECK(error("double_rounding", "triple_rounding") ==
        "layers.0.requantizing is 'triple_rounding'");
  CHECK(error("layers.0.bias", "layers.0.gias") == "tensor layers.0.bias is missing");
  CHECK(error(R"("format")", R"("more":"","format")") == "its entry more is unknown");
  CHECK(error(R"("layers.0.bias":)",
              R"("more":{"data_offsets":[0,4],"dtype":"F32","shape":[1]},"layers.0.bias":)") ==
        "tensor more is unknown");
  CHECK(error(R"("data_offsets":[0,6])", R"("data_offsets":[0,7])") ==
        "tensor layers.0.weight lies at bytes 0 to 7 of 38, and needs 6");
  CHECK(error(R"("data_offsets":[0,6])", R"("data_offsets":[0,"6"])") ==
        "its header is JSON, but not that of a model");
}

TEST_CASE("no single bit of a model file can change without being noticed") {
  const Folder folder;
  const std::string path = (folder.path() / "m.safetensors").string();
  for (const Model& model : {int8_model(), pare::tests::random_model({3, 2, 1}, 4)}) {
    save(model, path);
    const std::string good = read_file(path);
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      std::string damaged = good;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      folder.write("m.safetensors", damaged);
      accepted += load_error(path).starts_with(path + " is not a whole model file: ") ? 0U : 1U;
    }
    CHECK(accepted == 0);
  }
}

TEST_CASE("a model file that cannot be written says why") {
  CHECK_THROWS_WITH(save(int8_model(), "/dev/full"),
                    "/dev/full cannot be written: No space left on device");
}
