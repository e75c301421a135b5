#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "nn/mlp.h"
#include "nn/random.h"

namespace pare::tests {

/// A random float model; `widths` from inputs to outputs.
inline nn::Model random_model(const std::vector<nn::Index>& widths, std::uint64_t seed) {
  return nn::make_mlp(widths, nn::Activation::relu, seed);
}

/// Uniform numbers in [-1, 1], [rows, columns].
inline nn::Matrix random_matrix(nn::Index rows, nn::Index columns, std::uint64_t seed) {
  nn::Random random(seed, 99);
  nn::Matrix matrix(rows, columns);
  for (float& value : matrix.reshaped<Eigen::RowMajor>()) {
    value = static_cast<float>(random.uniform(-1, 1));
  }
  return matrix;
}

/// A folder of its own for one test, removed with it.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pare-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// A file in the folder; gives its path.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace pare::tests
