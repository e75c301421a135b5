#include "experiments/journal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "build_paths.h"
#include "experiments/hash.h"
#include "experiments/messages.h"
#include "nn/formats/safetensors.h"
#include "nn/json_text.h"
#include "nn/text_file.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// What is read from the source folder when the boards are built and run, and the tools that do it.
std::uint64_t hash_of_tools(const Json& environment, const std::vector<std::string>& boards) {
  Hash hash;
  const Json tools = environment.value("boards", Json::object());
  for (const std::string& board : boards) hash.add(nn::json_text(tools.value(board, Json())));
  const fs::path mcu = fs::path(PARE_SOURCE_DIR) / "mcu";
  for (const char* folder : {"kernel", "sketch", "emulator/board", "emulator/rp2040"})
    hash.add_folder(mcu / folder);
  hash.add_file(PARE_TIMING_PLUGIN);
  return hash.value();
}

std::uint64_t hash_of(const std::string& text) {
  Hash hash;
  hash.add(text);
  return hash.value();
}

std::string checksum(const std::string& text) {
  return fmt::format("{:08x}",
                     crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace

Journal::Journal(const Experiment& experiment, std::uint64_t base, const Json& environment,
                 const fs::path& folder, bool fresh)
    : folder_(folder / experiment.name),
      fresh_(fresh),
      made_by_(fmt::format("{:016x}\n{}", base, experiment.resolved_retrain)),
      measured_by_(fmt::format("{:016x}\n{}", hash_of_tools(environment, experiment.boards),
                               experiment.resolved_measuring)) {}

std::uint64_t Journal::model_key(std::uint64_t seed, const nn::Model& base,
                                 const std::vector<compress::Step>& steps) const {
  std::string text = fmt::format("{}\nseed {}\n", made_by_, seed);
  for (const compress::Step& step : steps) {
    text += fmt::format("{}: {}\n", step.name, fmt::join(step.resolved, ", "));
  }
  return hash_of(text + nn::to_safetensors(base));
}

std::uint64_t Journal::row_key(std::uint64_t seed, const Variant& variant,
                               const nn::Model& model) const {
  return hash_of(fmt::format("{:016x}\n{}\n{}\n", model_key(seed, model, variant.steps),
                             variant.name, measured_by_));
}

std::optional<Journal::Made> Journal::find_model(std::uint64_t key) {
  const std::optional<Json> json = read(key);
  const fs::path file = path(key, ".safetensors");
  if (!json) return std::nullopt;
  try {
    Made made{nn::load(file), json->at("seconds").get<double>()};
    count_found();
    return made;
  } catch (const std::exception& error) {
    note(fmt::format("{}; it is made anew", explain(error)));
    return std::nullopt;
  }
}

std::optional<bench::Row> Journal::find_row(std::uint64_t key) {
  const std::optional<Json> json = read(key);
  if (!json) return std::nullopt;
  try {
    bench::Row row = bench::row_from_json(*json);
    count_found();
    return row;
  } catch (const std::invalid_argument& error) {
    note(fmt::format("{}: {}; it is measured anew", path(key, ".json").string(), error.what()));
    return std::nullopt;
  }
}

void Journal::add_model(std::uint64_t key, const Made& made) {
  const fs::path file = path(key, ".safetensors");
  const fs::path beside = file.string() + fmt::format(".{}", getpid());
  try {
    fs::create_directories(folder_);
    nn::save(made.model, beside);
    fs::rename(beside, file);
    write(key, {{"seconds", made.seconds}});  // last: it says that the model is there
  } catch (const std::exception& error) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    note(fmt::format("a model cannot be kept for the next run: {}", explain(error)));
  }
}

void Journal::add_row(std::uint64_t key, const bench::Row& row) {
  try {
    fs::create_directories(folder_);
    write(key, bench::to_json(row));
  } catch (const std::exception& error) {
    note(fmt::format("a variant's numbers cannot be kept for the next run: {}", explain(error)));
  }
}

void Journal::remove_the_rest() {
  const std::lock_guard lock(mutex_);
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    if (!used_.contains(entry.path())) fs::remove(entry.path(), ignored);
  }
}

std::vector<std::string> Journal::notes() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

std::size_t Journal::found() const {
  const std::lock_guard lock(mutex_);
  return found_;
}

fs::path Journal::path(std::uint64_t key, const char* ending) {
  fs::path file = folder_ / fmt::format("{:016x}{}", key, ending);
  const std::lock_guard lock(mutex_);
  used_.insert(file);
  return file;
}

/// The first line of a file is the checksum of the others.
std::optional<Json> Journal::read(std::uint64_t key) {
  const fs::path file = path(key, ".json");
  std::ifstream stream(file, std::ios::binary);
  if (fresh_ || !stream) return std::nullopt;
  std::string sum;
  std::getline(stream, sum);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  Json json = nn::parse_json(text);
  if (sum == checksum(text) && !json.is_discarded()) return json;
  note(fmt::format("{} is damaged; the job is done anew", file.string()));
  return std::nullopt;
}

void Journal::write(std::uint64_t key, const Json& json) {
  const std::string text = nn::json_text(json) + "\n";
  nn::replace_text(path(key, ".json"), checksum(text) + "\n" + text);
}

void Journal::note(std::string text) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(text));
}

void Journal::count_found() {
  const std::lock_guard lock(mutex_);
  ++found_;
}

}  // namespace pare::experiments
