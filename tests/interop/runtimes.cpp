#include "tests/interop/runtimes.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <set>
#include <stdexcept>
#include <utility>

#include "build_paths.h"
#include "mcu/process.h"
#include "nn/ends.h"
#include "nn/formats/format.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/helpers.h"

namespace pare::tests {
namespace {

namespace fs = std::filesystem;
using nn::Index;
using nn::Int8Matrix;
using nn::Matrix;
using nn::Meaning;
using nn::Model;

/// What int8 outputs of a softmax stand for. Source: TFLite 8-bit quantization specification.
constexpr nn::Quantization kSoftmaxOutput{1.0F / 256, -128};
constexpr nn::Quantization kLogSoftmaxOutput{16.0F / 256, 127};

fs::path peers() { return fs::path(PARE_SOURCE_DIR) / "build/peers"; }

fs::path package(const Runtime& runtime) { return peers() / "node_modules" / runtime.package; }

bool takes_int8(const Runtime& runtime, const Model& model) {
  return runtime.ending == "tflite" && nn::arithmetic(model) == nn::Arithmetic::int8;
}

std::string bytes(const auto& values) {
  return {reinterpret_cast<const char*>(values.data()),
          static_cast<std::size_t>(values.size()) * sizeof(values.data()[0])};
}

/// The numbers in a file, in rows of so many.
template <class Values>
Values read_values(const fs::path& path, Index rows, Index columns) {
  const std::string text = read_file(path);
  Values values(rows, columns);
  if (text.size() != static_cast<std::size_t>(values.size()) * sizeof(typename Values::Scalar)) {
    throw std::runtime_error(fmt::format("{} has {} bytes, expected {} x {} values",
                                         path.filename().string(), text.size(), rows, columns));
  }
  std::memcpy(values.data(), text.data(), text.size());
  return values;
}

/// The reals of an int8 file's outputs, and of what ours are there.
Comparison compare_int8(const Model& model, const Int8Matrix& theirs, Matrix ours) {
  const Meaning meaning = model.outputs.meaning;
  if (meaning == Meaning::probabilities || meaning == Meaning::log_probabilities) {
    const auto& softmax = meaning == Meaning::probabilities ? kSoftmaxOutput : kLogSoftmaxOutput;
    return {nn::dequantize(theirs, softmax), nn::dequantize(nn::quantize(ours, softmax), softmax)};
  }
  return {nn::real_outputs(model.outputs, nn::dequantize(theirs, nn::output_quantization(model))),
          std::move(ours)};
}

}  // namespace

Index Comparison::different() const {
  // What is no number differs, too.
  return ours.size() - ((theirs - ours).array().abs() <= kFloatTolerance * largest()).count();
}

std::vector<Runtime> runtimes() {
  const std::vector<Runtime> all{{"tflite", "@tensorflow/tfjs-tflite", "0.0.1-alpha.10"},
                                 {"onnx", "onnxruntime-node", "1.30.0"}};
  std::vector<Runtime> installed;
  for (const Runtime& runtime : all) {
    if (!mcu::find_program("node")) {
      MESSAGE("skipped in " << runtime.package << ": there is no node; install Debian's nodejs");
    } else if (!fs::exists(package(runtime))) {
      MESSAGE("skipped in " << runtime.package
                            << ", which is not there; install it with npm install "
                               "--legacy-peer-deps --ignore-scripts --prefix "
                            << peers().string() << " " << runtime.package << "@"
                            << runtime.version);
    } else {
      installed.push_back(runtime);
    }
  }
  return installed;
}

std::vector<Comparison> compare(const Runtime& runtime, const std::vector<Case>& cases) {
  const Folder folder;
  const auto file = [&](std::size_t i, std::string_view ending) {
    return folder.path() / fmt::format("{} {}.{}", i, cases[i].name, ending);
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& tried = cases[i];
    nn::write_model(tried.model, file(i, runtime.ending));
    folder.write(file(i, "inputs").filename(),
                 takes_int8(runtime, tried.model)
                     ? bytes(nn::quantized_inputs(tried.model, tried.inputs))
                     : bytes(tried.inputs));
  }
  const mcu::ProcessResult ran =
      mcu::run_process({mcu::require_program("node", "nodejs"),
                        fmt::format("{}/tests/interop/run_{}.cjs", PARE_SOURCE_DIR, runtime.ending),
                        package(runtime), folder.path()});
  CHECK(ran.output == "");
  REQUIRE(ran.exit_code == 0);
  std::vector<Comparison> results;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Model& model = cases[i].model;
    const fs::path path = file(i, "outputs");
    const Matrix ours = nn::forward(model, cases[i].inputs);
    const auto [rows, columns] = std::pair(ours.rows(), ours.cols());
    results.push_back(takes_int8(runtime, model)
                          ? compare_int8(model, read_values<Int8Matrix>(path, rows, columns), ours)
                          : Comparison{read_values<Matrix>(path, rows, columns), ours});
  }
  return results;
}

std::string names_of_different(const std::vector<Case>& cases,
                               const std::vector<Comparison>& compared) {
  std::string names;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (compared[i].different() != 0) names += cases[i].name + "\n";
  }
  return names;
}

std::string remove_unwritable(const Runtime& runtime, std::vector<Case>& cases) {
  const Folder folder;
  const fs::path path = folder.path() / ("m." + runtime.ending);
  std::set<std::string> refusals;
  std::erase_if(cases, [&](const Case& tried) {
    try {
      nn::write_model(tried.model, path);
      return false;
    } catch (const std::invalid_argument& error) {
      const std::string message = error.what();
      refusals.insert(message.substr(path.string().size() + 2) + "\n");
      return true;
    }
  });
  return fmt::format("{}", fmt::join(refusals, ""));
}

}  // namespace pare::tests
