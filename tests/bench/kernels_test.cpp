#include "bench/kernels.h"

#include <doctest/doctest.h>

#include <map>

#include "bench/choose_encodings.h"
#include "bench/measure.h"
#include "mcu/encode.h"
#include "mcu/temporary_folder.h"
#include "nn/mlp.h"
#include "tests/helpers.h"

using namespace pare;

namespace {

bench::BoardRow costs_of(const nn::Model& model, mcu::Optimize optimize) {
  const mcu::TemporaryFolder folder;
  bench::BoardRow figures;
  const nn::Matrix inputs = tests::random_matrix(16, nn::input_count(model), 2);
  bench::measure_costs(mcu::make_artefact("net", model, bench::choose_encodings(model, {optimize})),
                       mcu::nano33ble(), inputs, folder.path(), figures);
  return figures;
}

}  // namespace

TEST_CASE("the kernels take no more than they did, in every row of ./pare bench kernels" *
          doctest::test_suite("slow")) {
  // The emulated board is deterministic, so that these are what was measured, and no margin.
  const std::map<std::string, double> most{
      {"sine int8 -O3 speed instructions", 528},
      {"sine int8 -O3 speed cycles est.", 1116},
      {"sine int8 -O3 speed flash B", 984},
      {"sine int8 -O3 speed RAM B", 66},
      {"sine int8 -Os size instructions", 1979},
      {"sine int8 -Os size cycles est.", 3514},
      {"sine int8 -Os size flash B", 731},
      {"sine int8 -Os size RAM B", 66},
      {"sine float32 -O3 speed instructions", 829},
      {"sine float32 -O3 speed cycles est.", 2025},
      {"sine float32 -O3 speed flash B", 1752},
      {"sine float32 -O3 speed RAM B", 136},
      {"sine float32 -Os size instructions", 840},
      {"sine float32 -Os size cycles est.", 2063},
      {"sine float32 -Os size flash B", 1772},
      {"sine float32 -Os size RAM B", 136},
      {"32-16-4 int8 -O3 speed instructions", 748},
      {"32-16-4 int8 -O3 speed cycles est.", 1508},
      {"1000-4-3 float32 -O3 speed instructions", 9620},
      {"1000-4-3 float32 -O3 speed cycles est.", 23256},
      {"FC 1x10 int8, 4-10-3 -O3 speed instructions", 212},
      {"FC 1x10 int8, 4-10-3 -O3 speed cycles est.", 450},
      {"FC 10x10 int8, 64-10x10-10 -O3 speed instructions", 2806},
      {"FC 10x10 int8, 64-10x10-10 -O3 speed cycles est.", 5582},
      {"FC 10+50 int8, 64-10-50-10 -O3 speed instructions", 2439},
      {"FC 10+50 int8, 64-10-50-10 -O3 speed cycles est.", 4715},
      {"33-20-10-4 int8 -O3 speed instructions", 1225},
      {"33-20-10-4 int8 -O3 speed cycles est.", 2440},
      {"16x16 int8 -O3 speed instructions", 402},
      {"16x16 int8 -O3 speed cycles est.", 802},
      {"128x128 int8 -O3 speed instructions", 16014},
      {"128x128 int8 -O3 speed cycles est.", 31670},
      {"784x300 int8 -O3 speed instructions", 217103},
      {"784x300 int8 -O3 speed cycles est.", 429727},
      {"MLPerf Tiny AD int8 -O3 speed instructions", 253539},
      {"MLPerf Tiny AD int8 -O3 speed cycles est.", 502586},
      {"MLPerf Tiny AD int8 -Os speed instructions", 253702},
      {"MLPerf Tiny AD int8 -Os speed cycles est.", 502914},
      {"LeNet-300-100 int8, 90 % zeros -O3 speed cycles est., of dense", 0.344},
      {"LeNet-300-100 int8, 90 % zeros -O3 speed parameter B, of dense", 0.219},
      {"LeNet-300-100 int8, 90 % zeros -O3 size cycles est., of dense", 2.297},
      {"LeNet-300-100 int8, 90 % zeros -O3 size parameter B, of dense", 0.168},
  };
  // So good is the plain C loop: a weaker one would flatter.
  const std::map<std::string, double> most_of_plain_c{
      {"sine int8 -O3 speed instructions", 1522},   {"sine int8 -O3 speed flash B", 864},
      {"sine int8 -Os size flash B", 702},          {"sine int8 -Os size RAM B", 34},
      {"sine float32 -O3 speed instructions", 863}, {"sine float32 -Os size flash B", 1452},
  };
  const bench::Table table = bench::kernel_table(nullptr);
  CHECK(table.rows.size() == most.size());
  for (const std::vector<std::string>& row : table.rows) {
    const std::string what = row[0] + " " + row[1] + " " + row[2] + " " + row[3];
    CAPTURE(what);
    REQUIRE(most.count(what) == 1);
    CHECK(std::stod(row[4]) <= most.at(what));
    if (most_of_plain_c.count(what) == 1) CHECK(std::stod(row[5]) <= most_of_plain_c.at(what));
  }
}

TEST_CASE("the sine by size takes no more than it did" * doctest::test_suite("slow")) {
  const bench::BoardRow row =
      costs_of(bench::random_int8_model({1, 16, 16, 1}), mcu::Optimize::size);
  CHECK(*row.flash_bytes <= 731);
  CHECK(*row.instructions <= 1979);
}

TEST_CASE("small nets with a hidden layer take less flash as int8 than as float32, by every goal" *
          doctest::test_suite("slow")) {
  for (const std::vector<nn::Index>& widths :
       std::vector<std::vector<nn::Index>>{{1, 2, 1}, {2, 4, 2}, {4, 10, 3}}) {
    CAPTURE(widths.size());
    CAPTURE(widths.front());
    const bench::BoardRow float32 =
        costs_of(nn::make_mlp(widths, nn::Activation::relu, 1), mcu::Optimize::size);
    const nn::Model int8 = bench::random_int8_model(widths);
    for (const mcu::Optimize optimize :
         {mcu::Optimize::size, mcu::Optimize::balance, mcu::Optimize::speed}) {
      CAPTURE(mcu::name(optimize));
      CHECK(*costs_of(int8, optimize).flash_bytes < *float32.flash_bytes);
    }
  }
}

TEST_CASE("the random models of the kernel table are paired in every layer") {
  for (const std::vector<nn::Index>& widths :
       {std::vector<nn::Index>{1, 16, 16, 1}, {784, 300}, {640, 128, 8, 128, 640}}) {
    for (const auto& layer :
         mcu::encode(bench::random_int8_model(widths), {mcu::Optimize::speed}).layers) {
      CHECK(layer.encoding == "paired int8");
    }
  }
}
