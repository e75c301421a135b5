#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pare::tests {

/// A trained or compressed model, and CRC-32 over all its numbers.
struct NamedHash {
  std::string name;  ///< such as "images obs_prune"
  std::uint32_t hash = 0;
};

/// Trains a sine and a small image network by `threads` threads, and compresses each by every pass
/// that there is.
std::vector<NamedHash> hash_models(int threads);

/// One line a model: "name hash".
std::string lines(const std::vector<NamedHash>& hashes);

}  // namespace pare::tests
