#include "compress/retrain.h"

namespace pare::compress {

nn::Model retrain(nn::Model model, const PassTraining& training, const Context& context,
                  int stream) {
  const nn::WeightView view = nn::keep_zeros(model);
  return training.train(std::move(model), context, view, {}, stream);
}

}  // namespace pare::compress
