#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/table.h"
#include "nn/dataset.h"
#include "nn/model.h"

namespace pare::bench {

/// What `./pare bench peers` works on.
struct PeerWork {
  nn::Dataset images;  ///< Fashion-MNIST's training set, for LeNet-300-100
  std::filesystem::path image_file;
  std::filesystem::path label_file;  ///< the same as IDX files, for the peer
  nn::Dataset sine;                  ///< for the 1-16-16-1 network
  nn::Model lenet;                   ///< float32
  nn::Model lenet_int8;
  nn::Model sine_model;  ///< float32
  nn::Model sine_int8;
};

/// One piece of work, timed in turn here and at the peer: medians over the rounds.
struct PeerRow {
  std::string work;
  std::string peer;
  double ours_us;
  double peer_us;
  double ratio;  ///< ours over the peer's, of each round
  double lowest_ratio;
  double highest_ratio;
};

struct PeerReport {
  std::vector<PeerRow> rows;
  std::string versions;  ///< of the peers and what they run on
};

/// Times every piece of work `rounds` times, ours and the peer's alternating: PyTorch, by the rules
/// in bench/peers/pytorch.py, and ONNX Runtime where its library is given: in one thread of this
/// process, on the same inputs, after a look at its answers. `say` hears of the progress. Throws
/// std::runtime_error with what the peer said where it fails.
PeerReport compare_with_peers(const PeerWork& work, int rounds,
                              const std::optional<std::filesystem::path>& onnx_runtime,
                              const std::function<void(const std::string& what)>& say);

/// One row of the report from the times of its rounds, in seconds; at least one.
PeerRow summarize_rounds(std::string work, std::string peer, const std::vector<double>& ours_s,
                         const std::vector<double>& peer_s);

Table peer_table(const std::vector<PeerRow>& rows);

}  // namespace pare::bench
