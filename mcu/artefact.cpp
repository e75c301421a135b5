#include "mcu/artefact.h"

#include <fmt/format.h>

#include <utility>

namespace pare::mcu {

Artefact make_artefact(std::string name, nn::Model model, EncodedModel encoded) {
  const std::uint32_t identity = hash(encoded);
  ModelSource source = model_source(encoded, name);
  return {std::move(name), std::move(model), std::move(encoded), identity, std::move(source)};
}

std::string hash_text(std::uint32_t hash) { return fmt::format("{:08x}", hash); }

}  // namespace pare::mcu
