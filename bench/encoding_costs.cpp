#include "bench/encoding_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "mcu/emulator/emulated_board.h"
#include "mcu/export_sketch.h"
#include "nn/forward.h"
#include "nn/quantization.h"

namespace pare::bench {

EncodingCost measure_encoding(const nn::Model& model, const mcu::EncodedModel& encoded,
                              const nn::Int8Matrix& inputs) {
  const mcu::TemporaryFolder folder;
  const nn::Matrix reals = nn::dequantize(inputs, nn::input_quantization(model));
  const mcu::TestVectors vectors = mcu::make_test_vectors(model, reals, inputs.rows());
  mcu::export_sketch(encoded, "encoding", vectors, folder.path() / "sketch");
  mcu::EmulatedBoard board(mcu::build_image(folder.path() / "sketch", folder.path() / "build"),
                           {.timing_plugin = PARE_TIMING_PLUGIN});
  for (std::size_t i = 0; i < vectors.inputs.size(); ++i) {
    if (board.client().infer(vectors.inputs[i]) != vectors.outputs[i]) {
      throw std::runtime_error(
          fmt::format("'{}' does not give the reference's outputs on the emulated board",
                      encoded.layers.front().encoding));
    }
  }
  const std::vector<mcu::Timing> timings = board.stop();
  return {encoded.bytes.size(), *std::max_element(timings.begin(), timings.end(),
                                                  [](const mcu::Timing& a, const mcu::Timing& b) {
                                                    return a.cycles < b.cycles;
                                                  })};
}

}  // namespace pare::bench
