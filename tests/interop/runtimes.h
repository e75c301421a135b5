#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/model.h"

namespace pare::tests {

/// Somebody else's program that runs model files: a script here, and a package of npm.
struct Runtime {
  std::string ending;  ///< of its files, without the dot
  std::string package;
  std::string version;
};

/// Those that are installed in build/peers; says which are not, and how to install them.
std::vector<Runtime> runtimes();

/// A model, and inputs [samples, inputs] for it, in the user's units.
struct Case {
  std::string name;  ///< for messages
  nn::Model model;
  nn::Matrix inputs;
};

/// What a case gives, [samples, outputs], in the user's units.
struct Comparison {
  nn::Matrix theirs;  ///< of the runtime, from the file that nn::write_model makes
  nn::Matrix ours;    ///< of nn::forward

  float largest() const { return ours.cwiseAbs().maxCoeff(); }
  float largest_difference() const { return (theirs - ours).cwiseAbs().maxCoeff(); }
  /// How many outputs are further apart than what float32 rounds.
  nn::Index different() const;
};

/// What float32's rounding makes of outputs, relative to the largest one. Measured: up to 5.7e-7.
constexpr float kFloatTolerance = 1e-6F;

/// Runs all cases in one process. An int8 TFLite file is without the ends of its model: it is given
/// what the first layer sees, and what it gives is dequantized and scaled here, which maps
/// different bytes to different numbers.
std::vector<Comparison> compare(const Runtime& runtime, const std::vector<Case>& cases);

/// The names of the cases whose outputs differ, one a line.
std::string names_of_different(const std::vector<Case>& cases,
                               const std::vector<Comparison>& compared);

/// Leaves out the cases that the runtime's format cannot hold; gives what write_model says of them,
/// without the file's name, each line once, sorted.
std::string remove_unwritable(const Runtime& runtime, std::vector<Case>& cases);

}  // namespace pare::tests
