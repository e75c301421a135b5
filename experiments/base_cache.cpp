#include "experiments/base_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "nn/safetensors.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;

/// Source: Fowler, Noll, Vo, Eastlake, "The FNV Non-Cryptographic Hash Algorithm", FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
    }
  }

  /// A file that cannot be read adds nothing: whoever needs it will say so.
  void add_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, 1 << 16> block{};
    while (file.read(block.data(), block.size()) || file.gcount() > 0) {
      add({block.data(), static_cast<std::size_t>(file.gcount())});
    }
  }

  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

std::uint64_t hash_of(const Experiment& experiment) {
  Hash hash;
  hash.add(experiment.resolved_base);
  for (const std::string& file : data_files(experiment.data)) {
    hash.add(fmt::format("\n{}\n", file));
    hash.add_file(file);
  }
  hash.add_file("/proc/self/exe");
  return hash.value();
}

}  // namespace

BaseCache::BaseCache(const Experiment& experiment, fs::path folder, bool fresh)
    : experiment_(experiment),
      folder_(std::move(folder)),
      fresh_(fresh),
      hash_(hash_of(experiment)) {}

fs::path BaseCache::path(std::uint64_t seed) const {
  return folder_ / fmt::format("base-{:016x}-seed-{}.safetensors", hash_, seed);
}

std::vector<std::string> BaseCache::notes() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

std::size_t BaseCache::found() const {
  const std::lock_guard lock(mutex_);
  return found_;
}

nn::Model BaseCache::base_model(std::uint64_t seed, const nn::Split& data,
                                const std::function<void(int epoch, double loss)>& on_epoch) {
  const fs::path file = path(seed);
  nn::Model model;
  if (!fresh_ && load(file, data, model)) return model;
  model = train_base(experiment_, seed, data, on_epoch);
  store(model, file);
  return model;
}

bool BaseCache::load(const fs::path& path, const nn::Split& data, nn::Model& model) {
  if (!fs::exists(path)) return false;
  try {
    model = nn::load(path);
    if (nn::arithmetic(model) != nn::Arithmetic::float32 ||
        nn::input_count(model) != data.train.inputs.cols() ||
        nn::output_count(model) != data.train.targets.cols()) {
      throw std::runtime_error(fmt::format("{} holds another model", path.string()));
    }
  } catch (const std::exception& error) {
    note(fmt::format("{}; the base model was trained anew", error.what()));
    return false;
  }
  const std::lock_guard lock(mutex_);
  ++found_;
  return true;
}

void BaseCache::store(const nn::Model& model, const fs::path& path) {
  const fs::path beside = path.string() + fmt::format(".{}", getpid());
  try {
    fs::create_directories(folder_);
    nn::save(model, beside);
    fs::rename(beside, path);
  } catch (const std::exception& error) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    note(fmt::format("the base model cannot be kept for the next run: {}", error.what()));
  }
}

void BaseCache::note(std::string text) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(text));
}

}  // namespace pare::experiments
