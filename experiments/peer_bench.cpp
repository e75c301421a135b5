#include "experiments/peer_bench.h"

#include <optional>

#include "compress/pass.h"
#include "experiments/progress.h"
#include "nn/idx.h"
#include "nn/train.h"

namespace pare::experiments {

bench::PeerWork make_peer_work() {
  const nn::IdxFiles files;
  bench::PeerWork work;
  work.image_file = files.train_images;
  work.label_file = files.train_labels;
  work.images = nn::load_idx(files.train_images, files.train_labels);
  work.sine = nn::make_sine({}, 1).train;

  nn::TrainOptions options;
  options.epochs = 1;
  options.batch_size = 128;
  options.learning_rate = 1e-3;
  options.scale_inputs = false;
  options.scale_targets = false;
  constexpr auto kRelu = nn::Activation::relu;
  work.lenet = nn::train_new({300, 100}, kRelu, work.images, options, 1);
  work.sine_model = nn::train_new({16, 16}, kRelu, work.sine, options, 1);
  const auto int8 = [&](const nn::Model& model, const nn::Dataset& data) {
    return compress::run({compress::make_step("quantize_int8")}, model,
                         {data, data, options, 1, {}})
        .model;
  };
  work.lenet_int8 = int8(work.lenet, work.images);
  work.sine_int8 = int8(work.sine_model, work.sine);
  return work;
}

bench::PeerReport run_peer_bench(int rounds,
                                 const std::optional<std::filesystem::path>& onnx_runtime) {
  Progress progress(1);
  std::optional<Progress::Job> job;
  const auto say = [&](const std::string& what) {
    job.reset();
    job.emplace(progress, what);
  };
  say("training what inference is timed on");
  return bench::compare_with_peers(make_peer_work(), rounds, onnx_runtime, say);
}

}  // namespace pare::experiments
