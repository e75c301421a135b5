// TFLite files that are cut, or whose bytes are not what a converter wrote.
#include <doctest/doctest.h>

#include <cstring>

#include "build_paths.h"
#include "nn/forward.h"
#include "nn/random.h"
#include "tests/nn/tflite_graphs.h"

using namespace pare::nn;
using pare::tests::append;
using pare::tests::Folder;
using pare::tests::GraphBuilder;
using pare::tests::int8_layer;
using pare::tests::read_file;
using pare::tests::two_layers;

TEST_CASE("a file that is cut anywhere is refused") {
  const Folder folder;
  for (const GraphBuilder& builder : {two_layers(), int8_layer()}) {
    const std::string file = tflite::serialize(builder.graph);
    for (std::size_t bytes = 0; bytes < file.size(); ++bytes) {
      CAPTURE(bytes);
      CHECK_THROWS_AS(read_model(folder.write("m.tflite", file.substr(0, bytes))),
                      std::runtime_error);
    }
  }
}

TEST_CASE("a file with bits that flipped is refused, or is a legal model") {
  const Folder folder;
  const std::string data = std::string(PARE_SOURCE_DIR) + "/tests/data/";
  Random random(1);
  int refused = 0;
  for (const std::string& file :
       {tflite::serialize(two_layers().graph), tflite::serialize(int8_layer().graph),
        read_file(data + "hello_world_int8.tflite"),
        read_file(data + "hello_world_float.tflite")}) {
    for (int i = 0; i < 1000; ++i) {
      std::string flipped = file;
      for (std::uint32_t flips = 1 + random.below(3); flips > 0; --flips) {
        auto& byte = flipped[random.below(static_cast<std::uint32_t>(file.size()))];
        byte = static_cast<char>(byte ^ (1 << random.below(8)));
      }
      try {
        const Model model = read_model(folder.write("m.tflite", flipped)).model;
        forward(model, Matrix::Zero(1, input_count(model)));
      } catch (const std::runtime_error&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 500);
  CHECK(refused < 3500);
}

TEST_CASE("tables that name the same bytes again and again are refused") {
  GraphBuilder builder = two_layers();
  builder.tensor(std::string(100'000, 'n'), {1});
  for (int i = 0; i < 1000; ++i) builder.tensor("small", {1});
  std::string file = tflite::serialize(builder.graph);
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, &file[at], sizeof(value));
    return value;
  };
  const auto follow = [&](std::size_t at) { return at + number(at); };
  const auto field = [&](std::size_t table, std::size_t index) {
    const auto back = static_cast<std::int32_t>(number(table));
    const auto offsets = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(table) - back);
    return table + (number(offsets + 4 + 2 * index) & 0xffffU);
  };
  // The root's subgraphs, the first of them, its tensors.
  const std::size_t subgraphs = follow(field(follow(0), 2));
  const std::size_t tensors = follow(field(follow(subgraphs + 4), 0));
  REQUIRE(number(tensors) == 1007);
  const std::size_t large = follow(tensors + 28);  // number 6
  for (std::size_t i = 7; i < 1007; ++i) {
    const std::size_t at = tensors + 4 + 4 * i;
    const auto offset = static_cast<std::uint32_t>(large - at);
    std::memcpy(&file[at], &offset, sizeof(offset));
  }
  const Folder folder;
  const std::string path = folder.write("m.tflite", file);
  CHECK_THROWS_WITH_AS(
      read_model(path),
      (path + ": it is damaged: its tables name the same bytes again and again").c_str(),
      std::runtime_error);
}

TEST_CASE("constants are not used so often that a small file takes much memory") {
  GraphBuilder builder;
  builder.graph.inputs = {builder.tensor("input", {1, 300})};
  builder.graph.outputs = builder.graph.inputs;
  const auto square = builder.constant("w", {300, 300}, std::vector<float>(90000));
  for (int i = 0; i < 10; ++i) append(builder, "FULLY_CONNECTED", {square});
  CHECK(builder.error().ends_with(
      "operator 8 'appended' (FULLY_CONNECTED): the file's constants are used so often that it "
      "must "
      "be damaged\n"
      "  operator 9 'appended' (FULLY_CONNECTED): the file's constants are used so often that it "
      "must be damaged"));
}
