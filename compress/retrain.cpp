#include "compress/retrain.h"

namespace pare::compress {

nn::InputScaling training_scaling(const Context& context) {
  const nn::Matrix& inputs = context.train.inputs;
  return retraining(context).options.scale_inputs ? nn::fit_input_scaling(inputs)
                                                  : nn::identity_scaling(inputs.cols());
}

nn::Model retrain(nn::Model model, const PassTraining& training, const Context& context,
                  int stream) {
  const nn::WeightView view = nn::keep_zeros(model);
  return training.train(std::move(model), context, view, {}, stream);
}

}  // namespace pare::compress
