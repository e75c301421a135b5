#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "mcu/forms/form.h"
#include "nn/nearest_name.h"

namespace pare::mcu {

extern const Form kSketchForm;
extern const Form kArduinoLibraryForm;
extern const Form kCMakeForm;
extern const Form kPlatformIoForm;
extern const Form kZephyrForm;

std::span<const Form> forms() {
  static const Form kForms[] = {
      kSketchForm, kArduinoLibraryForm, kCMakeForm, kPlatformIoForm, kZephyrForm,
  };
  return kForms;
}

const Form& form_named(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Form& form : forms()) {
    if (form.name == name) return form;
    known.push_back(form.name);
  }
  throw std::invalid_argument(fmt::format("there is no form '{}' to export as; there are: {}{}",
                                          name, fmt::join(known, ", "),
                                          nn::did_you_mean(name, known)));
}

}  // namespace pare::mcu
