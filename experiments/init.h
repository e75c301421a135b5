#pragma once

#include <string>

#include "nn/formats/format.h"

namespace pare::experiments {

struct InitArguments {
  std::string file;
  nn::ReadOptions read;
  std::string out;     ///< the config; empty for FILE's name with .toml, in the working directory
  bool force = false;  ///< replaces a config that is there
};

/// ./pare init: writes a config that runs, with what was found in the file as comments.
void init_config(const InitArguments& arguments);

}  // namespace pare::experiments
