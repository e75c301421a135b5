#include "experiments/file_finder.h"

#include <fmt/format.h>

#include "experiments/toml_options.h"

namespace pare::experiments {

namespace fs = std::filesystem;

FileFinder::FileFinder(const fs::path& config) : folder_(fs::absolute(config).parent_path()) {}

std::string FileFinder::find(const compress::OptionValue& given) {
  const fs::path path = std::get<std::string>(given.value);
  const fs::path here = fs::absolute(path).lexically_normal();
  if (path.empty() || path.is_absolute()) return path.string();
  if (is_override(given)) return here.string();
  const fs::path beside = (folder_ / path).lexically_normal();
  if (fs::exists(beside) || !fs::exists(here)) return beside.string();
  notes_.push_back(
      fmt::format("{}: there is no {}; {} of the working directory is taken, but data files are "
                  "looked for in the config's folder first",
                  given.where, beside.string(), path.string()));
  return here.string();
}

}  // namespace pare::experiments
