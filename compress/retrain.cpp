#include "compress/retrain.h"

namespace pare::compress {

nn::InputScaling training_scaling(const Context& context) {
  const nn::Matrix& inputs = context.train.inputs;
  return context.training.scale_inputs ? nn::fit_input_scaling(inputs)
                                       : nn::identity_scaling(inputs.cols());
}

nn::Model retrain(nn::Model model, const PassTraining& training, const Context& context,
                  int stream) {
  if (training.epochs == 0) return model;
  const nn::WeightView view = nn::keep_zeros(model);
  return nn::train(std::move(model), context.train, training.in(context),
                   context.seed + static_cast<std::uint64_t>(stream),
                   {.objective = {},
                    .view = view,
                    .validation = &context.validation,
                    .on_epoch = context.on_epoch});
}

}  // namespace pare::compress
