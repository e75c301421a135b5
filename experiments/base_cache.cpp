#include "experiments/base_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>

#include "experiments/hash.h"
#include "experiments/messages.h"
#include "nn/formats/safetensors.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;

std::uint64_t hash_of(const Experiment& experiment) {
  Hash hash;
  hash.add(experiment.resolved_base);
  if (experiment.model.file) hash.add(nn::to_safetensors(experiment.model.file->model));
  for (const std::string& file : experiment.data.files) {
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
  if (experiment_.model.file) return experiment_.model.file->model;
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
    note(fmt::format("{}; the base model was trained anew", explain(error)));
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
    note(fmt::format("the base model cannot be kept for the next run: {}", explain(error)));
  }
}

void BaseCache::note(std::string text) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(text));
}

}  // namespace pare::experiments
