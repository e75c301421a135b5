#pragma once

#include <stdint.h>

namespace pare {

/// Runs `layers` one after the other. Hidden activations live in `arena`, those of even layers at
/// its beginning, of odd ones at its end: it must hold any two neighbours at once. `inputs` is only
/// read; it, `outputs` and `arena` must not overlap.
template <class Layer>
inline void infer(const Layer* layers, int32_t layer_count, const typename Layer::Value* inputs,
                  typename Layer::Value* outputs, typename Layer::Value* arena,
                  int32_t arena_size) {
  for (int32_t i = 0; i < layer_count; ++i) {
    const bool last = i == layer_count - 1;
    typename Layer::Value* to = last         ? outputs
                                : i % 2 == 0 ? arena
                                             : arena + (arena_size - output_count(layers[i]));
    dense(layers[i], inputs, to);
    inputs = to;
  }
}

}  // namespace pare
