#include <fmt/format.h>

#include "mcu/forms/form.h"

namespace pare::mcu {
namespace {

// Source: Zephyr, "Modules (External projects)", and "Building a Zephyr application: C++ language".
constexpr std::string_view kModule = R"(name: {0}
build:
  cmake: .
  kconfig: Kconfig
)";

constexpr std::string_view kKconfig = R"(config {1}
	bool "{0}: a neural network"
	default y
	depends on CPP
	help
	  Include {0}.h. It needs CONFIG_CPP=y and CONFIG_STD_CPP14=y or later.
)";

constexpr std::string_view kLists = R"(if(CONFIG_{1})
  zephyr_include_directories(${{CMAKE_CURRENT_SOURCE_DIR}}/src)
  zephyr_library_named({0})
  zephyr_library_sources(src/{0}.cpp)
endif()
)";

void write(const Export& what, const std::filesystem::path& folder) {
  const std::string& name = what.component.name;
  const auto fill = [&](std::string_view text) {
    return fmt::format(fmt::runtime(text), name, what.component.prefix);
  };
  write_component(what.component, folder, "src",
                  {{"zephyr/module.yml", fill(kModule)},
                   {"Kconfig", fill(kKconfig)},
                   {"CMakeLists.txt", fill(kLists)}});
}

std::string advice(const Export&, const std::filesystem::path& folder) {
  return fmt::format(
      "build the application with -DEXTRA_ZEPHYR_MODULES={}, CONFIG_CPP=y and "
      "CONFIG_STD_CPP14=y",
      std::filesystem::absolute(folder).string());
}

}  // namespace

extern const Form kZephyrForm{"zephyr", "a module for a Zephyr application", check_new_folder,
                              write, advice};

}  // namespace pare::mcu
