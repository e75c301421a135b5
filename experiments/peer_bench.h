#pragma once

#include "bench/peers.h"

namespace pare::experiments {

/// What `./pare bench peers` works on: Fashion-MNIST from its Debian package, the sine, and models
/// trained on them.
bench::PeerWork make_peer_work();

/// Times all of it, here and at the peers, `rounds` times, with a line of progress; ONNX Runtime
/// where there is a library.
bench::PeerReport run_peer_bench(int rounds,
                                 const std::optional<std::filesystem::path>& onnx_runtime);

}  // namespace pare::experiments
