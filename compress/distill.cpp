#include "compress/define_pass.h"
#include "compress/training_options.h"
#include "nn/forward.h"

namespace pare::compress {
namespace {

/// (1 - alpha) * loss on the labels + alpha * loss on the teacher. The teacher's part is MSE for
/// regression; for classes it is T^2 times the cross-entropy of both softmaxes at temperature T, so
/// that its gradient keeps its size whatever T is (Hinton et al., section 2).
class TeacherObjective {
 public:
  TeacherObjective(nn::Task task, nn::Matrix teacher_outputs, double alpha, double temperature)
      : task_(task),
        teacher_(std::move(teacher_outputs)),
        alpha_(static_cast<float>(alpha)),
        temperature_(task == nn::Task::classification ? static_cast<float>(temperature) : 1) {
    if (task == nn::Task::classification) teacher_ = nn::softmax(teacher_ / temperature_);
  }

  double operator()(const nn::ConstMatrixRef& outputs, const nn::Batch& batch,
                    nn::MatrixRef gradient) {
    targets_.resize(outputs.rows(), outputs.cols());
    for (nn::Index i = 0; i < outputs.rows(); ++i) {
      targets_.row(i) = teacher_.row(batch.rows[static_cast<std::size_t>(i)]);
    }
    soft_outputs_ = outputs / temperature_;
    soft_gradient_.resize(outputs.rows(), outputs.cols());
    const double soft = nn::loss(task_, soft_outputs_, targets_, soft_gradient_);
    const double hard = nn::loss(task_, outputs, batch.targets, gradient);
    gradient = (1 - alpha_) * gradient + alpha_ * temperature_ * soft_gradient_;
    const auto share = static_cast<double>(alpha_ * temperature_ * temperature_);
    return static_cast<double>(1 - alpha_) * hard + share * soft;
  }

 private:
  nn::Task task_;
  nn::Matrix teacher_;  // [samples, outputs]: values, or probabilities at the temperature
  float alpha_;
  float temperature_;
  nn::Matrix targets_;
  nn::Matrix soft_outputs_;
  nn::Matrix soft_gradient_;
};

}  // namespace

/// Replaces the model by a new, narrower one that is trained on the model's outputs.
struct Distill {
  static constexpr PassInfo kInfo{
      .summary = "trains a new, narrower model on the outputs of the one it replaces",
      .source =
          "Hinton, Vinyals, Dean, \"Distilling the Knowledge in a Neural Network\", "
          "arXiv:1503.02531, 2015, section 2"};

  explicit Distill(Options& options)
      : widths(options.integers("widths", {8, 8}, 1, {1, 65535}, "hidden widths of the student")),
        alpha(options.number("alpha", 0.9, {0, 1},
                             "share of the teacher in the loss; the rest is labels")),
        temperature(options.number("temperature", 4, {0.1, 1000},
                                   "softmax temperature, for classes; regression has none")),
        training(options, 600, "passes over the training data") {}

  nn::Model operator()(const nn::Model& teacher, const Context& context) const {
    nn::TrainHooks hooks;
    hooks.objective = TeacherObjective(
        context.train.task, nn::forward(teacher, context.train.inputs), alpha, temperature);
    hooks.validation = &context.validation;
    const auto& first = std::get<nn::DenseLayer>(teacher.layers.front());
    const std::vector<nn::Index> hidden(widths.begin(), widths.end());
    return nn::train_new(hidden, first.activation, context.train, training.in(context),
                         context.seed, hooks);
  }

  std::vector<std::int64_t> widths;
  double alpha;
  double temperature;
  PassTraining training;
};

template PassDefinition define<Distill>(Options&);

}  // namespace pare::compress
