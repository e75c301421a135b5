#include "nn/idx.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "nn/text_file.h"

namespace pare::nn {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostValues = std::size_t{1} << 36;  // so that no product overflows

struct CloseGzip {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

/// A file that is read from its start, and unpacked if it is gzipped.
class Unpacked {
 public:
  explicit Unpacked(const fs::path& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_ || fs::is_directory(path)) refuse_file(path, "it cannot be opened");
  }

  /// The next `count` bytes, or those that there are: what a header promises takes no memory.
  std::vector<std::uint8_t> read(std::size_t count) {
    constexpr std::size_t kChunk = 1 << 20;
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < count) {
      const std::size_t size = bytes.size();
      const std::size_t wanted = std::min(kChunk, count - size);
      bytes.resize(size + wanted);
      const int got = gzread(file_.get(), bytes.data() + size, static_cast<unsigned>(wanted));
      if (got < 0) refuse_file(path_, "its gzip data is damaged");
      bytes.resize(size + static_cast<std::size_t>(got));
      if (got == 0) break;
    }
    int error = Z_OK;
    gzerror(file_.get(), &error);
    if (error != Z_OK) refuse_file(path_, "its gzip data ends too early");
    return bytes;
  }

 private:
  fs::path path_;
  std::unique_ptr<gzFile_s, CloseGzip> file_;
};

/// An IDX file of unsigned bytes.
struct IdxFile {
  std::vector<Index> shape;
  std::vector<std::uint8_t> values;
};

IdxFile read_idx(const fs::path& path, std::size_t dimensions) {
  Unpacked unpacked(path);
  const std::vector<std::uint8_t> header = unpacked.read(4 + 4 * dimensions);
  if (header.size() < 4 + 4 * dimensions) {
    refuse_file(path,
                fmt::format("{} bytes are too few for the header of an IDX file", header.size()));
  }
  if (header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] != dimensions) {
    refuse_file(path,
                fmt::format("it begins with {:02x}{:02x}{:02x}{:02x}, not with 000008{:02x} as IDX "
                            "files of bytes with {} dimensions do",
                            header[0], header[1], header[2], header[3], dimensions, dimensions));
  }
  IdxFile file;
  std::size_t size = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    std::size_t extent = 0;
    for (std::size_t k = 0; k < 4; ++k) extent = extent << 8 | header[4 + 4 * i + k];
    if (extent > kMostValues / std::max<std::size_t>(size, 1)) {
      refuse_file(path, fmt::format("its header says more than {} values", kMostValues));
    }
    file.shape.push_back(static_cast<Index>(extent));
    size *= extent;
  }
  file.values = unpacked.read(size);
  if (file.values.size() < size) {
    refuse_file(path,
                fmt::format("its header says {} values, but {} follow", size, file.values.size()));
  }
  if (!unpacked.read(1).empty()) {
    refuse_file(path, fmt::format("its header says {} values, but more follow", size));
  }
  if (size == 0) refuse_file(path, "it holds no samples");
  return file;
}

}  // namespace

Dataset load_idx(const fs::path& images, const fs::path& labels, Index classes) {
  const IdxFile pixels = read_idx(images, 3);
  const IdxFile label = read_idx(labels, 1);
  const Index samples = pixels.shape[0];
  if (label.shape[0] != samples) {
    refuse_file(labels, fmt::format("it has {} labels, but {} has {} images", label.shape[0],
                                    images.string(), samples));
  }
  const std::uint8_t most = *std::max_element(label.values.begin(), label.values.end());
  if (classes == 0) classes = most + 1;
  if (most >= classes) refuse_file(labels, fmt::format("label {} is not below {}", most, classes));

  const Index features = pixels.shape[1] * pixels.shape[2];
  Dataset data{Matrix(samples, features),
               Matrix::Zero(samples, classes),
               Task::classification,
               {pixels.shape[1], pixels.shape[2]}};
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  data.inputs =
      Eigen::Map<const Bytes>(pixels.values.data(), samples, features).cast<float>() / 255;
  for (Index i = 0; i < samples; ++i) {
    data.targets(i, label.values[static_cast<std::size_t>(i)]) = 1;
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
