#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <tuple>
#include <utility>

#include "mcu/encodings/encoding.h"
#include "mcu/encodings/int8_rows.h"

namespace pare::mcu {

/// What a LayerCode says of its kernel's layer object: the initializers after the arrays, and the
/// same object on the host.
struct LayerObject {
  std::string constants;
  std::function<void(const void* const* arrays, const void* inputs, void* outputs)> run;
};

/// The layer object of an int8 kernel, stated once: pointers to its arrays, whose elements are
/// `Elements`, then `constants`, in the order of the kernel's members.
template <class Kernel, class... Elements, class... Constants>
LayerObject layer_object(bool last, const std::tuple<Constants...>& constants) {
  const auto make = [constants](const void* const* at) {
    return [&]<std::size_t... kArrays>(std::index_sequence<kArrays...>) {
      return std::apply(
          [&](const Constants&... values) {
            return Kernel{static_cast<const Elements*>(at[kArrays])..., values...};
          },
          constants);
    }
    (std::index_sequence_for<Elements...>{});
  };
  return {
      fmt::format("{}", fmt::join(constants, ", ")),
      [=](const void* const* at, const void* in, void* out) { run_int8(make(at), last, in, out); }};
}

}  // namespace pare::mcu
