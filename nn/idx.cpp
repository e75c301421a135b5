#include "nn/idx.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

namespace pare::nn {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw std::runtime_error(fmt::format("{}: {}", path.string(), what));
}

struct CloseGzip {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

/// The whole file, unpacked if it is gzipped.
std::vector<std::uint8_t> read_all(const fs::path& path) {
  const std::unique_ptr<gzFile_s, CloseGzip> file(gzopen(path.c_str(), "rb"));
  if (!file || fs::is_directory(path)) refuse(path, "it cannot be opened");
  std::vector<std::uint8_t> bytes;
  constexpr std::size_t kChunk = 1 << 20;
  for (;;) {
    const std::size_t size = bytes.size();
    bytes.resize(size + kChunk);
    const int got = gzread(file.get(), bytes.data() + size, kChunk);
    if (got < 0) refuse(path, "its gzip data is damaged");
    bytes.resize(size + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  int error = Z_OK;
  gzerror(file.get(), &error);
  if (error != Z_OK) refuse(path, "its gzip data ends too early");
  return bytes;
}

/// An IDX file of unsigned bytes.
struct IdxFile {
  std::vector<Index> shape;
  std::vector<std::uint8_t> bytes;  ///< with the header
  std::size_t data;                 ///< where the values begin
};

IdxFile read_idx(const fs::path& path, std::size_t dimensions) {
  IdxFile file{{}, read_all(path), 4 + 4 * dimensions};
  const auto& bytes = file.bytes;
  if (bytes.size() < file.data) {
    refuse(path, fmt::format("{} bytes are too few for the header of an IDX file", bytes.size()));
  }
  if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] != dimensions) {
    refuse(path,
           fmt::format("it begins with {:02x}{:02x}{:02x}{:02x}, not with 000008{:02x} as IDX "
                       "files of bytes with {} dimensions do",
                       bytes[0], bytes[1], bytes[2], bytes[3], dimensions, dimensions));
  }
  std::size_t size = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    std::size_t extent = 0;
    for (std::size_t k = 0; k < 4; ++k) extent = extent << 8 | bytes[4 + 4 * i + k];
    file.shape.push_back(static_cast<Index>(extent));
    size = extent == 0 || size <= bytes.size() ? size * extent : size;  // past the size already
  }
  if (size != bytes.size() - file.data) {
    refuse(path,
           fmt::format("its header says {} values, but {} follow", size, bytes.size() - file.data));
  }
  if (size == 0) refuse(path, "it holds no samples");
  return file;
}

}  // namespace

Dataset load_idx(const fs::path& images, const fs::path& labels, Index classes) {
  const IdxFile pixels = read_idx(images, 3);
  const IdxFile label = read_idx(labels, 1);
  const Index samples = pixels.shape[0];
  if (label.shape[0] != samples) {
    refuse(labels, fmt::format("it has {} labels, but {} has {} images", label.shape[0],
                               images.string(), samples));
  }
  const std::uint8_t most = *std::max_element(label.bytes.begin() + 8, label.bytes.end());
  if (classes == 0) classes = most + 1;
  if (most >= classes) refuse(labels, fmt::format("label {} is not below {}", most, classes));

  const Index features = pixels.shape[1] * pixels.shape[2];
  Dataset data{Matrix(samples, features),
               Matrix::Zero(samples, classes),
               Task::classification,
               {pixels.shape[1], pixels.shape[2]}};
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  data.inputs =
      Eigen::Map<const Bytes>(pixels.bytes.data() + pixels.data, samples, features).cast<float>() /
      255;
  for (Index i = 0; i < samples; ++i) {
    data.targets(i, label.bytes[label.data + static_cast<std::size_t>(i)]) = 1;
  }
  return data;
}

Dataset pool_images(const Dataset& data, Index factor) {
  const auto [height, width] = data.image;
  if (factor < 1 || height == 0 || height % factor != 0 || width % factor != 0) {
    throw std::invalid_argument(
        fmt::format("images of {} x {} pixels cannot be pooled by {}", height, width, factor));
  }
  Dataset pooled{Matrix::Zero(data.inputs.rows(), height / factor * (width / factor)),
                 data.targets,
                 data.task,
                 {height / factor, width / factor}};
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      pooled.inputs.col(y / factor * pooled.image.width + x / factor) +=
          data.inputs.col(y * width + x);
    }
  }
  pooled.inputs /= static_cast<float>(factor * factor);
  return pooled;
}

}  // namespace pare::nn
