#include "bench/kernels.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "bench/measure.h"
#include "mcu/encode.h"
#include "mcu/temporary_folder.h"
#include "nn/mlp.h"
#include "nn/quantization.h"
#include "nn/random.h"

namespace pare::bench {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr nn::Index kVectors = 16;

/// What somebody else's kernel takes for the same work, and whose it is. All were measured on the
/// emulated board's processor, compiled by GCC 12.2, but for what says otherwise.
struct Peer {
  std::string_view measure;  ///< "instructions", "cycles est.", "flash B", "RAM B"
  double figure;
  std::string_view whose;
};

struct Work {
  std::string_view name;
  std::vector<nn::Index> widths;
  nn::Arithmetic arithmetic;
  std::string optimization;
  std::vector<Peer> peers;
};

const std::vector<nn::Index> kSine = {1, 16, 16, 1};
const std::vector<nn::Index> kAnomalyDetection = {640, 128, 128, 128, 128, 8,
                                                  128, 128, 128, 128, 640};

std::vector<Work> all_work() {
  using nn::Arithmetic;
  return {
      {"sine int8",
       kSine,
       Arithmetic::int8,
       "-O3",
       {{"instructions", 2205, "NNoM q7"},
        {"flash B", 2152, "CMSIS-NN called directly, -Os"},
        {"RAM B", 32, "CMSIS-NN called directly"}}},
      {"sine int8",
       kSine,
       Arithmetic::int8,
       "-Os",
       {{"instructions", 2205, "NNoM q7"},
        {"flash B", 2152, "CMSIS-NN called directly"},
        {"RAM B", 32, "CMSIS-NN called directly"}}},
      {"sine float32",
       kSine,
       Arithmetic::float32,
       "-O3",
       {{"instructions", 839, "C of constant sizes, unrolled"},
        {"flash B", 2092, "C of constant sizes, unrolled"}}},
      {"16x16 int8", {16, 16}, Arithmetic::int8, "-O3", {{"instructions", 1409, "CMSIS-NN"}}},
      {"128x128 int8", {128, 128}, Arithmetic::int8, "-O3", {{"instructions", 37164, "CMSIS-NN"}}},
      {"784x300 int8", {784, 300}, Arithmetic::int8, "-O3", {{"instructions", 455931, "CMSIS-NN"}}},
      {"MLPerf Tiny AD int8",
       kAnomalyDetection,
       Arithmetic::int8,
       "-O3",
       {{"instructions", 579466, "CMSIS-NN"},
        {"cycles est.", 486000, "Plumerai, published, on silicon"}}},
      {"MLPerf Tiny AD int8",
       kAnomalyDetection,
       Arithmetic::int8,
       "-Os",
       {{"instructions", 843421, "CMSIS-NN"}}}};
}

double figure(const Row& row, std::string_view measure) {
  if (measure == "instructions") return row.instructions.value();
  if (measure == "cycles est.") return row.cycles_estimate.value();
  return measure == "flash B" ? row.flash_bytes.value() : row.ram_bytes.value();
}

/// `model` encoded for speed, on the emulated board.
Row measure(std::string_view name, const nn::Model& model, const std::string& optimization) {
  const mcu::TemporaryFolder folder;
  nn::Random random(kSeed, 2);
  nn::Matrix inputs(kVectors, nn::input_count(model));
  for (float& value : inputs.reshaped<Eigen::RowMajor>()) {
    value = static_cast<float>(random.uniform(-1, 1));
  }
  Row row;
  row.name = "kernel";
  const mcu::EncodedModel encoded = mcu::encode(model, {mcu::Optimize::speed});
  if (!measure_board(model, inputs, folder.path(), encoded, row, optimization)) {
    throw std::runtime_error(
        fmt::format("{} with {}: the board's outputs are not the reference's", name, optimization));
  }
  return row;
}

Row measure(const Work& work) {
  return measure(work.name,
                 work.arithmetic == nn::Arithmetic::int8
                     ? random_int8_model(work.widths)
                     : nn::make_mlp(work.widths, nn::Activation::relu, kSeed),
                 work.optimization);
}

/// What nine zeros in ten weights save: cycles as encoded for speed, parameters as for size.
void add_pruned_lenet(Table& table) {
  constexpr std::string_view kName = "LeNet-300-100 int8, 90 % zeros";
  const std::vector<nn::Index> widths = {784, 300, 100, 10};
  const nn::Model dense = random_int8_model(widths);
  const nn::Model pruned = random_int8_model(widths, 0.9);
  const auto cycles = [&](const nn::Model& model) {
    return measure(kName, model, "-O3").cycles_estimate.value();
  };
  const auto bytes = [](const nn::Model& model) {
    return static_cast<double>(mcu::encode(model, {mcu::Optimize::size}).bytes.size());
  };
  const auto add = [&](const char* measure, double ratio) {
    table.rows.push_back(
        {std::string(kName), "-O3", measure, fmt::format("{:.3f}", ratio), "-", "none has one"});
  };
  add("cycles, of dense", cycles(pruned) / cycles(dense));
  add("bytes, of dense", bytes(pruned) / bytes(dense));
}

}  // namespace

nn::Model random_int8_model(const std::vector<nn::Index>& widths, double sparsity) {
  nn::Random random(kSeed, 1);
  nn::Model model;
  nn::Quantization input{1.0F / 128, 0};
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const bool last = i > 1 && i + 1 == widths.size();
    const nn::Index inputs = widths[i - 1];
    nn::Int8Layer layer{nn::Int8Matrix(widths[i], inputs),
                        nn::Int32Vector(widths[i]),
                        nn::Vector(widths[i]),
                        input,
                        last ? nn::Quantization{0.02F, 3} : nn::Quantization{0.01F, -128},
                        last ? nn::Activation::identity : nn::Activation::relu};
    for (std::int8_t& weight : layer.weights.reshaped<Eigen::RowMajor>()) {
      weight = static_cast<std::int8_t>(std::lround(random.uniform(-127, 127)));
      if (sparsity > 0 && random.uniform(0, 1) < sparsity) weight = 0;
    }
    for (nn::Index row = 0; row < widths[i]; ++row) {
      layer.bias[row] = static_cast<std::int32_t>(std::lround(random.uniform(-2000, 2000)));
      // Outputs of about unit size, the rows' scales within a factor of two.
      const double spread = std::sqrt(static_cast<double>(inputs) * (1 - sparsity)) * 73;
      layer.weight_scales[row] = static_cast<float>(random.uniform(0.7, 1.4) / spread);
    }
    input = layer.output;
    model.layers.emplace_back(std::move(layer));
  }
  return model;
}

Table kernel_table() {
  Table table{{"work", "flags", "measure", "ours", "best peer", "whose"},
              {false, false, false, true, true, false},
              {}};
  for (const Work& work : all_work()) {
    const Row row = measure(work);
    for (const Peer& peer : work.peers) {
      table.rows.push_back({std::string(work.name), work.optimization, std::string(peer.measure),
                            fmt::format("{:.0f}", figure(row, peer.measure)),
                            fmt::format("{:.0f}", peer.figure), std::string(peer.whose)});
    }
  }
  add_pruned_lenet(table);
  return table;
}

}  // namespace pare::bench
