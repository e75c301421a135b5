#include <array>

#include "nn/activation.h"

namespace pare::nn {
// One line per function. `struct F` also declares F, so a function needs no header.
constexpr std::array kFunctions{
    activation_function<struct Identity>, activation_function<struct Relu>,
    activation_function<struct Relu6>,    activation_function<struct LeakyRelu>,
    activation_function<struct Elu>,      activation_function<struct Softplus>,
    activation_function<struct Silu>,     activation_function<struct Gelu>,
    activation_function<struct Tanh>,     activation_function<struct Sigmoid>,
};

std::span<const ActivationFunction& (*const)()> activation_functions() { return kFunctions; }

}  // namespace pare::nn
