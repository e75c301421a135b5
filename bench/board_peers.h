#pragma once

#include <filesystem>
#include <string>

#include "nn/model.h"

namespace pare::bench {

/// What a model takes on the emulated board.
struct BoardFigures {
  double instructions = 0;      ///< of one inference, the most among its vectors
  double cycles_estimate = 0;   ///< likewise, with the charge for data read from flash
  double flash_bytes = 0;       ///< linked image minus the same image with no model
  double ram_bytes = 0;         ///< static, likewise; with the buffers of inputs and outputs
  double zero_wait_cycles = 0;  ///< as cycles_estimate, without that charge
};

/// `model`, float32 or int8 with one scale a layer, in plain C (bench/peers/plain_c.h), compiled
/// with `optimization`: each figure is the better of a function that all layers share and of layers
/// compiled for their constants. Some of `inputs` [samples, features] are timed and compared with
/// the reference. Throws as mcu::build_image does, std::runtime_error if a board's outputs are not
/// the reference's, and std::invalid_argument if a layer's factor is 0.5 or more.
BoardFigures measure_plain_c(const nn::Model& model, const nn::Matrix& inputs,
                             const std::string& optimization);

/// A checkout of CMSIS-NN, whose dense int8 kernel is called directly.
class CmsisNn {
 public:
  /// Throws std::invalid_argument if `checkout` holds no CMSIS-NN.
  explicit CmsisNn(std::filesystem::path checkout);

  /// The checkout's commit and its date, or its folder where git does not know them.
  const std::string& version() const { return version_; }

  /// As measure_plain_c, of an int8 model. The sketch is compiled with `optimization`, and the
  /// library with -Os, -O2 and -O3: each figure is the best of the three.
  BoardFigures measure(const nn::Model& model, const nn::Matrix& inputs,
                       const std::string& optimization) const;

 private:
  std::filesystem::path checkout_;
  std::string version_;
};

}  // namespace pare::bench
