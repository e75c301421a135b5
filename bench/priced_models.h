#pragma once

#include <vector>

#include "mcu/encode.h"
#include "nn/random.h"

namespace pare::bench {

/// An int8 model of random shape, weights and rounding, and how its layers are stored: as
/// `encoding` or, some of them, in another way that can store them.
struct PricedModel {
  nn::Model model;
  mcu::EncodedModel encoded;
};

PricedModel sample_priced_model(const mcu::Encoding& encoding, nn::Random& random);

/// As many of each int8 encoding as its prices need. The same ones every time.
std::vector<PricedModel> sample_priced_models();

}  // namespace pare::bench
