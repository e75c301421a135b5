#include "bench/profile.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "bench/kernels.h"
#include "bench/measure.h"
#include "mcu/encode.h"
#include "mcu/temporary_folder.h"
#include "tests/helpers.h"

using namespace pare;

namespace {

bench::Profile profile_of(const nn::Model& model, const nn::Matrix& inputs) {
  const mcu::TemporaryFolder folder;
  return bench::profile(mcu::make_artefact("test", model, mcu::encode(model)), inputs,
                        folder.path());
}

double sum(const bench::Profile& profile, long bench::PartCost::*number) {
  long all = profile.outside.*number;
  for (const bench::LayerProfile& layer : profile.layers) all += layer.cost.*number;
  return static_cast<double>(all);
}

/// The whole profile is what the results table has of the same model.
void check_sums(const bench::Profile& profile, const nn::Model& model, const nn::Matrix& inputs) {
  const mcu::TemporaryFolder folder;
  bench::BoardRow row;
  REQUIRE(bench::measure_board(mcu::make_artefact("test", model, mcu::encode(model)),
                               mcu::nano33ble(), inputs, folder.path(), row));
  CHECK(sum(profile, &bench::PartCost::instructions) == *row.instructions);
  CHECK(sum(profile, &bench::PartCost::cycles) == *row.cycles_estimate);
  CHECK(sum(profile, &bench::PartCost::flash_cycles) == *row.flash_cycles_estimate);
  CHECK(profile.figures.stack_bytes == row.stack_bytes);
  CHECK(profile.figures.ram_bytes == row.ram_bytes);
  CHECK(profile.figures.flash_bytes == row.flash_bytes);
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("the parts of a profile add up to what the results table has of the model") {
    const nn::Matrix inputs = tests::random_matrix(16, 20, 1);
    const nn::Model int8 = bench::random_int8_model({20, 64, 8, 4});
    const bench::Profile profile = profile_of(int8, inputs);
    check_sums(profile, int8, inputs);
    // Two layers' activations, widened, and the buffers of inputs and outputs.
    CHECK(profile.figures.ram_bytes == 2 * (20 + 64) + 20 + 4);
    REQUIRE(profile.layers.size() == 3);
    CHECK(profile.layers[0].macs == 20 * 64);
    CHECK(profile.layers[1].inputs == 64);
    CHECK(profile.layers[1].outputs == 8);
    long bytes = 0;
    for (const bench::LayerProfile& layer : profile.layers) {
      bytes += layer.bytes;
      // Nothing computes eight multiply-accumulates in one instruction.
      CHECK(layer.cost.instructions > layer.macs / 8);
      CHECK(layer.cost.cycles >= layer.cost.instructions);
      CHECK(layer.cost.flash_cycles > layer.cost.cycles);
    }
    CHECK(bytes == static_cast<long>(mcu::encode(int8).bytes.size()));
    CHECK(profile.layers[0].cost.instructions > 2 * profile.layers[1].cost.instructions);
    CHECK(profile.layers[1].cost.instructions > profile.layers[2].cost.instructions);
    CHECK(profile.outside.instructions > 20);  // as many inputs are widened
    CHECK(profile.outside.instructions < 200);
  }

  TEST_CASE("a layer's activation function counts to the layer") {
    const nn::Matrix inputs = tests::random_matrix(16, 5, 3);
    const nn::Model tanh = nn::make_mlp({5, 9, 3}, nn::Activation::tanh, 2);
    const bench::Profile profile = profile_of(tanh, inputs);
    check_sums(profile, tanh, inputs);
    const bench::Profile without =
        profile_of(nn::make_mlp({5, 9, 3}, nn::Activation::relu, 2), inputs);
    // A tanhf takes more than 20 instructions.
    CHECK(profile.layers.at(0).cost.instructions > without.layers.at(0).cost.instructions + 9 * 20);
    CHECK(profile.layers.at(1).cost.instructions < profile.layers.at(0).cost.instructions);
    CHECK(profile.outside.instructions < 20);
  }
}

TEST_CASE("a profile's table has a row for each layer, one for the rest, and one for all") {
  bench::Profile profile;
  profile.layers = {{"paired int8", 10, 20, 200, 300, {100, 150, 250}},
                    {"sparse int8", 20, 5, 100, 60, {40, 40, 45}}};
  profile.outside = {7, 10, 5};
  const bench::Table table = bench::profile_table(profile);
  using Cells = std::vector<std::string>;
  CHECK(table.headers == Cells{"layer", "encoding", "inputs", "outputs", "MACs", "bytes",
                               "M4 instr", "M4 cycles est.", "cycles/MAC", "cycles %",
                               "zero-wait cycles est."});
  REQUIRE(table.rows.size() == 4);
  CHECK(table.rows[0] ==
        Cells{"1", "paired int8", "10", "20", "200", "300", "100", "250", "1.25", "83.33", "150"});
  CHECK(table.rows[1] ==
        Cells{"2", "sparse int8", "20", "5", "100", "60", "40", "45", "0.45", "15.00", "40"});
  CHECK(table.rows[2] == Cells{"outside", "-", "-", "-", "-", "-", "7", "5", "-", "1.67", "10"});
  CHECK(table.rows[3] ==
        Cells{"all", "-", "-", "-", "300", "360", "147", "300", "1.00", "100.00", "200"});
}
