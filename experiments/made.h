#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "bench/row.h"
#include "experiments/config.h"

namespace pare::experiments {

/// What one variant gives with one seed.
struct Made {
  nn::Model model;    ///< without layers if it could not be made
  bench::Row row;     ///< its note says why it is not whole
  bool whole = true;  ///< it is there, was measured, and the board gives what the reference gives
};

/// Fills all of a variant's numbers but its host latency: from its model alone, then from the
/// emulated boards, whose images go to `folder`. What goes wrong is said in the row's note.
void measure_boards(const Experiment& experiment, const nn::Split& data,
                    const std::filesystem::path& folder, Made& made);

/// Fills the host latency over real inputs [samples, features], likewise. Wants the machine for
/// itself.
void measure_host(const nn::Matrix& inputs, Made& made);

/// The per-layer count of a model, as results.json keeps it: inputs, outputs, parameters,
/// bytes.
nlohmann::json count_layers(const nn::Model& model);

}  // namespace pare::experiments
