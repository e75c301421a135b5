#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/row.h"
#include "bench/table.h"
#include "mcu/artefact.h"

namespace pare::bench {

/// What a part of an inference costs. Instructions are exact; cycles are estimates.
struct PartCost {
  long instructions = 0;
  long cycles = 0;        ///< at zero wait states
  long flash_cycles = 0;  ///< with the charge for data read from flash
};

struct LayerProfile {
  std::string encoding;
  long inputs = 0;
  long outputs = 0;
  long macs = 0;
  long bytes = 0;  ///< of its parameters, as they lie in flash
  PartCost cost;
};

/// Where the cost of one inference goes. Each number is taken from the inference that has the most
/// of it in all, so that the parts add up to what `figures` has, and the results table.
struct Profile {
  std::vector<LayerProfile> layers;
  PartCost outside;  ///< the layers: widening the inputs, entry and return
  BoardRow figures;  ///< what the whole model costs on the emulated board
};

/// Profiles the very sketch that measure_costs builds and times, with its parameters: an
/// instruction of pare_infer() counts to the layer whose statement the compiler's line table names,
/// with all of what it calls. This costs no instruction and no byte. What the compiler moved
/// between layers or computes once for several counts where its line table puts it. Throws as
/// measure_costs does.
Profile profile(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                const std::filesystem::path& folder);

/// One row a layer, one for what lies outside them, and one for all.
Table profile_table(const Profile& profile);

}  // namespace pare::bench
