#include "nn/formats/state_dict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <stdexcept>

#include "nn/activation.h"
#include "nn/formats/operations.h"

namespace pare::nn {
namespace {

/// The tensors of one module: NAME.weight, NAME.bias and so on.
struct Module {
  std::string name;
  std::vector<std::string> parts;  ///< what stands behind NAME

  bool has(std::string_view part) const {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

/// True if `a` comes before `b`, numbers in them counting as numbers: fc2 before fc10.
bool natural_less(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && std::isdigit(static_cast<unsigned char>(text[count]))) ++count;
    return count;
  };
  while (!a.empty() && !b.empty()) {
    const std::size_t in_a = digits(a);
    const std::size_t in_b = digits(b);
    if (in_a == 0 || in_b == 0) {
      if (a[0] != b[0]) return a[0] < b[0];
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    if (in_a != in_b) return in_a < in_b;
    if (a.substr(0, in_a) != b.substr(0, in_b)) return a < b;
    a.remove_prefix(in_a);
    b.remove_prefix(in_b);
  }
  return a.size() < b.size();
}

std::vector<Module> modules_of(const TensorFile& file) {
  std::vector<Module> modules;
  for (const std::string& tensor : file.names()) {
    const std::size_t dot = tensor.rfind('.');
    const std::string name = dot == std::string::npos ? "" : tensor.substr(0, dot);
    auto found = std::find_if(modules.begin(), modules.end(),
                              [&](const Module& module) { return module.name == name; });
    if (found == modules.end()) found = modules.insert(found, {name, {}});
    found->parts.push_back(tensor.substr(dot == std::string::npos ? 0 : dot + 1));
  }
  std::sort(modules.begin(), modules.end(),
            [](const Module& a, const Module& b) { return natural_less(a.name, b.name); });
  return modules;
}

/// The modules in the order that a config gives.
std::vector<Module> ordered(const std::vector<Module>& modules,
                            const std::vector<std::string>& layers) {
  if (layers.empty()) return modules;
  std::vector<Module> chosen;
  for (const std::string& layer : layers) {
    const auto found = std::find_if(modules.begin(), modules.end(),
                                    [&](const Module& module) { return module.name == layer; });
    if (found == modules.end()) {
      std::vector<std::string> names;
      for (const Module& module : modules) names.push_back(module.name);
      throw std::invalid_argument(
          fmt::format("layers names '{}', and it has: {}", layer, fmt::join(names, ", ")));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

/// The place of a module of nn.Sequential; nothing for one with a name.
std::optional<int> place_of(const Module& module) {
  const std::size_t dot = module.name.rfind('.');
  const std::string last = module.name.substr(dot == std::string::npos ? 0 : dot + 1);
  int place = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), place);
  return error == std::errc() && end == last.data() + last.size() ? std::optional(place)
                                                                  : std::nullopt;
}

/// Builds the chain of operations, module by module.
class Chain {
 public:
  Chain(TensorFile& file, const ReadOptions& options) : file_(file), options_(options) {}

  void add(const Module& module) {
    const std::string weight = module.name + ".weight";
    const bool norm = module.has("running_mean");
    if (norm) {
      add_norm(module);
    } else if (module.has("weight") && file_.shape(weight).size() == 2) {
      add_linear(module);
    } else {
      problems_.push_back(fmt::format("{} ({}) is neither torch.nn.Linear nor torch.nn.BatchNorm1d",
                                      module.name, fmt::join(module.parts, ", ")));
    }
    before_ = module;
  }

  ReadModel finish() {
    if (!problems_.empty())
      throw std::invalid_argument(fmt::format("{}", fmt::join(problems_, "; ")));
    if (linears_ == 0) {
      throw std::invalid_argument(
          "it has no NAME.weight of two dimensions, so that there is no layer in it");
    }
    ReadModel read;
    read.model = fold(inputs_, chain_, read.notes);
    if (linears_ > 1) {
      read.notes.push_back(
          fmt::format("a state_dict does not say what its layers end in: {} between "
                      "them, as `activation` says, and nothing behind the last",
                      text(options_.activation)));
    }
    return read;
  }

 private:
  void add_linear(const Module& module) {
    const std::string name = module.name + ".weight";
    const std::vector<Index> shape = file_.shape(name);
    if (linears_ > 0) activate();
    const Vector values = file_.floats(name);
    DenseOperation dense{
        Eigen::Map<const Matrix>(values.data(), shape[0], shape[1]),
        module.has("bias") ? file_.floats(module.name + ".bias") : Vector::Zero(shape[0]).eval()};
    if (linears_ == 0) inputs_ = shape[1];
    if (linears_ > 0 && shape[1] != outputs_) {
      throw std::invalid_argument(fmt::format(
          "{} has {} inputs, but {} before it has {} outputs; say the layers' order with layers = "
          "[\"...\"]",
          module.name, shape[1], before_.name, outputs_));
    }
    outputs_ = shape[0];
    ++linears_;
    activated_ = false;
    chain_.push_back({module.name, std::move(dense)});
  }

  /// In nn.Sequential a gap between the numbers is the activation: Linear 0, ReLU 1, BatchNorm 2.
  void add_norm(const Module& module) {
    if (linears_ > 0) {
      const std::optional<int> place = place_of(module);
      const std::optional<int> before = place_of(before_);
      if (place && before && *place > *before + 1) activate();
    }
    const auto take = [&](const char* part, float fallback, Index size) -> Eigen::RowVectorXd {
      if (!module.has(part)) return Eigen::RowVectorXd::Constant(size, double{fallback});
      return file_.floats(module.name + "." + part).transpose().cast<double>();
    };
    const Eigen::RowVectorXd mean = take("running_mean", 0, 0);
    const Eigen::RowVectorXd variance = take("running_var", 1, mean.size());
    const Eigen::RowVectorXd weight = take("weight", 1, mean.size());
    const Eigen::RowVectorXd bias = take("bias", 0, mean.size());
    if (variance.size() != mean.size() || weight.size() != mean.size() ||
        bias.size() != mean.size()) {
      throw std::invalid_argument(module.name + ": its four tensors are not of one size");
    }
    constexpr double kEpsilon = 1e-5;
    const Eigen::RowVectorXd factor = weight.array() / (variance.array() + kEpsilon).sqrt();
    chain_.push_back(
        {module.name,
         ElementwiseOperation{factor, (bias.array() - mean.array() * factor.array()).matrix()}});
  }

  void activate() {
    if (!activated_) chain_.push_back({"activation", ActivationOperation{options_.activation}});
    activated_ = true;
  }

  TensorFile& file_;
  const ReadOptions& options_;
  std::vector<Operation> chain_;
  std::vector<std::string> problems_;
  Module before_;
  Index inputs_ = 0;
  Index outputs_ = 0;
  int linears_ = 0;
  bool activated_ = false;
};

}  // namespace

ReadModel read_state_dict(TensorFile file, const ReadOptions& options) {
  const std::vector<Module> modules = ordered(modules_of(file), options.layers);
  Chain chain(file, options);
  for (const Module& module : modules) chain.add(module);
  return chain.finish();
}

}  // namespace pare::nn
