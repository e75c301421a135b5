#include <fmt/format.h>

#include "mcu/forms/form.h"

namespace pare::mcu {
namespace {

constexpr std::string_view kLists = R"(cmake_minimum_required(VERSION 3.13)
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
  project({0} LANGUAGES C CXX)
endif()

add_library({0} STATIC {0}.cpp)
target_include_directories({0} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
target_compile_features({0} PRIVATE cxx_std_14)
)";

void write(const Export& what, const std::filesystem::path& folder) {
  const std::string& name = what.component.name;
  write_component(what.component, folder, "",
                  {{"CMakeLists.txt", fmt::format(fmt::runtime(kLists), name)}});
}

std::string advice(const Export& what, const std::filesystem::path& folder) {
  return fmt::format("say add_subdirectory({}) and target_link_libraries(YOURS {})",
                     folder.string(), what.component.name);
}

}  // namespace

extern const Form kCMakeForm{"cmake", "a library target for any CMake project", check_new_folder,
                             write, advice};

}  // namespace pare::mcu
