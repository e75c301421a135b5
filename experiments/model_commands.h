#pragma once

#include <string>
#include <vector>

#include "bench/table.h"
#include "nn/formats/format.h"

namespace pare::experiments {

struct FormatsArguments {
  bench::Format format = bench::Format::text;
};

/// ./pare formats: the formats of model files, and what each can hold.
void print_formats(const FormatsArguments& arguments);

struct InspectArguments {
  std::string file;
  nn::ReadOptions read;
  bench::Format format = bench::Format::text;
};

/// ./pare inspect: the layers of a model file, what it would take on each board, and what was
/// folded on the way.
void inspect_model(const InspectArguments& arguments);

struct ConvertArguments {
  std::string from;
  std::string to;
  nn::ReadOptions read;
};

/// ./pare convert: a model file in another format; says what that cannot hold.
void convert_model(const ConvertArguments& arguments);

struct DiffArguments {
  std::string first;
  std::string second;
  std::string data;         ///< a CSV file, or empty for random inputs
  double tolerance = 1e-5;  ///< of relative differences
  bench::Format format = bench::Format::text;
};

/// ./pare diff: how two model files differ. False if by more than the tolerance.
bool diff_models(const DiffArguments& arguments);

struct PredictArguments {
  std::vector<std::string> what;  ///< MODEL DATA, or RESULTS VARIANT DATA
  std::string out;                ///< a CSV file; empty for the standard output
  nn::ReadOptions read;
};

/// ./pare predict: what a model gives for the rows of a CSV file, by the arithmetic that is
/// deployed: for classes the label and a score each.
void predict(const PredictArguments& arguments);

}  // namespace pare::experiments
