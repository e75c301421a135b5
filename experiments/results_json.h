#pragma once

#include "experiments/results.h"

namespace pare::experiments {

/// results.json as a value. With several seeds a variant's numbers are means, with the standard
/// deviations in the same places under "sd" and the rows of each seed under "seeds".
nlohmann::json to_json(const Results& results);

/// The variants alone, as results.json lists them.
nlohmann::json variants_to_json(const StoredRows& rows);

/// Back. Throws std::invalid_argument that says what is missing or wrong.
StoredRows rows_from_json(const nlohmann::json& json);

}  // namespace pare::experiments
