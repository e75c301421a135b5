#pragma once

#include <vector>

#include "mcu/encode.h"

namespace pare::mcu {

/// The board's kernel, compiled for the host, over the bytes that the board would hold.
class HostKernel {
 public:
  explicit HostKernel(EncodedModel model);
  HostKernel(const HostKernel&) = delete;
  HostKernel& operator=(const HostKernel&) = delete;

  /// One inference. `inputs` and `outputs` hold as many values as the model has inputs and outputs:
  /// float for a float32 model, int8_t for an int8 one; must be aligned for them.
  void infer(const void* inputs, void* outputs);

  const EncodedModel& model() const { return model_; }

 private:
  void activate_outputs(const EncodedLayer& layer, void* outputs, bool last) const;

  EncodedModel model_;
  std::vector<std::vector<const void*>> arrays_;  // of each layer; point into model_
  std::vector<float> arena_;  // of floats, so that it is aligned for either kind of value
};

}  // namespace pare::mcu
