#pragma once

#include "bench/peers.h"

namespace pare::experiments {

/// What `./pare bench peers` works on: Fashion-MNIST from its Debian package, the sine, and models
/// trained on them.
bench::PeerWork make_peer_work();

/// Times all of it, here and in PyTorch, `rounds` times, with a line of progress.
bench::PeerReport run_peer_bench(int rounds);

}  // namespace pare::experiments
