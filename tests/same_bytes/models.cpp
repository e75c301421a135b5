#include "tests/same_bytes/models.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "compress/pass.h"
#include "nn/random.h"

namespace pare::tests {
namespace {

template <class Numbers>
void add(std::uint32_t& hash, const Numbers& numbers) {
  const auto* const bytes = reinterpret_cast<const Bytef*>(numbers.data());
  const auto size = static_cast<std::size_t>(numbers.size()) * sizeof(*numbers.data());
  hash = static_cast<std::uint32_t>(crc32_z(hash, bytes, size));
}

void add(std::uint32_t& hash, const nn::Quantization& quantization) {
  add(hash, std::vector<float>{quantization.scale, static_cast<float>(quantization.zero_point)});
}

void add_layer(std::uint32_t& hash, const nn::DenseLayer& layer) {
  add(hash, layer.weights);
  add(hash, layer.bias);
}

void add_layer(std::uint32_t& hash, const nn::Int8Layer& layer) {
  add(hash, layer.weights);
  add(hash, layer.bias);
  add(hash, layer.weight_scales);
  add(hash, layer.input);
  add(hash, layer.output);
  add(hash, layer.pre_activation);
}

std::uint32_t hash(const nn::Model& model) {
  std::uint32_t sum = 0;
  for (const nn::Layer& layer : model.layers) {
    std::visit([&](const auto& kind) { add_layer(sum, kind); }, layer);
  }
  return sum;
}

/// Four kinds of noisy patches, 8 x 8 pixels, half of them 0.
nn::Dataset make_images(nn::Index samples, std::uint64_t seed) {
  constexpr nn::Index kEdge = 8;
  constexpr nn::Index kClasses = 4;
  nn::Random random(seed, 77);
  nn::Dataset data{nn::Matrix::Zero(samples, kEdge * kEdge),
                   nn::Matrix::Zero(samples, kClasses),
                   nn::Task::classification,
                   {kEdge, kEdge}};
  for (nn::Index i = 0; i < samples; ++i) {
    const auto kind = static_cast<nn::Index>(random.below(kClasses));
    data.targets(i, kind) = 1;
    for (nn::Index pixel = 0; pixel < kEdge * kEdge; ++pixel) {
      const bool inside = pixel / kEdge / 4 == kind / 2 || pixel % kEdge / 4 == kind % 2;
      const double value = random.uniform(inside ? -0.5 : -1, 1);
      data.inputs(i, pixel) = static_cast<float>(std::max(value, 0.0));
    }
  }
  return data;
}

/// The base model and what every pass makes of it. `training` is short: bytes are compared.
void add_models(std::vector<NamedHash>& hashes, const std::string& name,
                const std::vector<nn::Index>& hidden, nn::Activation activation,
                const nn::Dataset& train, const nn::Dataset& validation,
                const nn::TrainOptions& training) {
  const nn::Model base = nn::train_new(hidden, activation, train, training, 1);
  hashes.push_back({name + " base", hash(base)});
  for (const std::string_view pass : compress::pass_names()) {
    compress::Options::Values options;
    const auto docs = compress::make_step(pass).options;
    if (std::any_of(docs.begin(), docs.end(),
                    [](const auto& doc) { return doc.name == "epochs"; })) {
      options["epochs"] = {std::int64_t{2}, ""};
    }
    const auto compressed = compress::run({compress::make_step(pass, options)}, base,
                                          {train, validation, training, 1, {}});
    hashes.push_back({fmt::format("{} {}", name, pass), hash(compressed.model)});
  }
}

}  // namespace

std::vector<NamedHash> hash_models(int threads) {
  std::vector<NamedHash> hashes;
  nn::TrainOptions training;
  training.threads = threads;
  training.epochs = 10;
  const nn::Split sine = nn::make_sine({}, 1);
  for (const nn::Activation smooth : {nn::Activation::tanh, nn::Activation::sigmoid}) {
    hashes.push_back({fmt::format("sine base, {}", nn::name(smooth)),
                      hash(nn::train_new({16, 16}, smooth, sine.train, training, 1))});
  }
  add_models(hashes, "sine", {16, 16}, nn::Activation::relu, sine.train, sine.validation, training);
  training.epochs = 3;
  training.batch_size = 128;
  training.dropout = 0.1;
  training.weight_decay = 0.01;
  training.shift = 1;
  add_models(hashes, "images", {150, 30}, nn::Activation::relu, make_images(500, 1),
             make_images(100, 2), training);
  return hashes;
}

std::string lines(const std::vector<NamedHash>& hashes) {
  std::string text;
  for (const NamedHash& model : hashes) {
    text += fmt::format("{} {:08x}\n", model.name, model.hash);
  }
  return text;
}

}  // namespace pare::tests
