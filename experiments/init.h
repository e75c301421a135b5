#pragma once

#include <string>

#include "nn/formats/format.h"

namespace pare::experiments {

struct InitArguments {
  std::string file;
  nn::ReadOptions read;  ///< of a model file
  std::string target;    ///< of a table: the column to predict; empty: the one that looks like it
  nn::Index length = 0;  ///< of recordings: the lines of each, where nothing separates them
  std::string out;       ///< the config; empty for FILE's name with .toml, in the working directory
  bool force = false;    ///< replaces a config that is there
};

/// ./pare init: writes a config that runs, of a model file, a table (a CSV file) or a folder of
/// recordings, with what was found, and the reason for each choice, as comments.
void init_config(const InitArguments& arguments);

}  // namespace pare::experiments
