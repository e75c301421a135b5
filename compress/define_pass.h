#pragma once

#include "compress/pass.h"

namespace pare::compress {

/// A pass file ends with `template PassDefinition define<P>(Options&);` and has one line in
/// registry.cpp.
template <class P>
PassDefinition define(Options& options) {
  return {P::kInfo, P(options)};
}

}  // namespace pare::compress
