#include "compress/define_pass.h"
#include "compress/retrain.h"

namespace pare::compress {

/// Trains on, with every weight that is 0 kept 0.
struct Finetune {
  static constexpr PassInfo kInfo{
      .summary = "trains on; weights that are 0 stay 0",
      .source =
          "Han, Pool, Tran, Dally, \"Learning both Weights and Connections for Efficient "
          "Neural Networks\", NIPS 2015, section 3.3"};

  explicit Finetune(Options& options) : training(options, 100, "passes over the training data") {}

  nn::Model operator()(nn::Model model, const Context& context) const {
    return retrain(std::move(model), training, context);
  }

  PassTraining training;
};

template PassDefinition define<Finetune>(Options&);

}  // namespace pare::compress
