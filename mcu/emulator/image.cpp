#include "mcu/emulator/image.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "build_paths.h"
#include "mcu/elf_image.h"
#include "mcu/kernel/crc32.h"
#include "mcu/process.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

fs::path board_folder() { return fs::path(PARE_SOURCE_DIR) / "mcu/emulator/board"; }

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> compiler_command(const std::string& optimization) {
  std::vector<std::string> command = {
      require_program("arm-none-eabi-g++", "gcc-arm-none-eabi").string()};
  command.insert(command.end(), sketch_flags().begin(), sketch_flags().end());
  std::replace(command.begin(), command.end(), std::string("-Os"), optimization);
  // Line tables change no code, and lie in no memory of the board.
  command.insert(command.end(), {"-ffunction-sections", "-fdata-sections", "-g1"});
  return command;
}

constexpr long kAddressSpaceBytes = 1L << 32;

/// The linker says "region `FLASH' overflowed by N bytes".
void throw_if_too_large(const std::string& output) {
  const auto check = [&](const char* region, const char* memory, long limit) {
    const std::string start = fmt::format("region `{}' overflowed by ", region);
    const std::size_t found = output.find(start);
    if (found == std::string::npos) return;
    long excess = 0;
    const char* const digits = output.data() + found + start.size();
    const auto parsed = std::from_chars(digits, output.data() + output.size(), excess);
    if (parsed.ec != std::errc() || excess > kAddressSpaceBytes) return;  // no linker says that
    throw DoesNotFit(fmt::format("{} {} > {}", memory, limit + excess, limit));
  };
  check("FLASH", "flash", kSketchFlashBytes);
  check("RAM", "RAM", kSketchRamBytes);
}

/// Runs a compiler command that writes `output`. Others may be at work on the same file: it appears
/// whole or not at all.
void compile(std::vector<std::string> command, const fs::path& output, std::string_view what) {
  static std::atomic<int> serial = 0;
  const fs::path unfinished = fmt::format("{}.{}.{}", output.string(), ::getpid(), ++serial);
  command.insert(command.end(), {"-o", unfinished.string()});
  const ProcessResult result = run_process(command);
  if (result.exit_code != 0) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw_if_too_large(result.output);
    throw std::runtime_error(fmt::format(
        "{} does not build for the emulated board:\n{}", what,
        result.output.empty()
            ? fmt::format("{} ended with exit code {}", command.front(), result.exit_code)
            : result.output));
  }
  if (!fs::exists(unfinished)) {
    throw std::runtime_error(fmt::format(
        "{} says that all is well, but has written nothing of {}; './pare doctor' shows "
        "which compiler that is",
        command.front(), what));
  }
  fs::rename(unfinished, output);
}

/// The start-up code's objects; their names carry a sum over everything that they are made from.
std::vector<std::string> board_objects(const fs::path& build_folder,
                                       const std::string& optimization) {
  std::string made_from = fmt::format("{}", fmt::join(compiler_command(optimization), " "));
  for (const char* name : {"Arduino.h", "arduino.cpp", "startup.cpp"}) {
    made_from += read_text(board_folder() / name);
  }
  const std::uint32_t sum =
      crc32(0, made_from.data(), static_cast<std::uint32_t>(made_from.size()));
  std::vector<std::string> objects;
  for (const char* name : {"arduino", "startup"}) {
    const fs::path object = build_folder / fmt::format("{}.{:08x}.o", name, sum);
    if (!fs::exists(object)) {
      std::vector<std::string> command = compiler_command(optimization);
      command.insert(command.end(), {"-c", board_folder() / fmt::format("{}.cpp", name)});
      compile(std::move(command), object, "the board's start-up code");
    }
    objects.push_back(object);
  }
  return objects;
}

fs::path find_sketch(const fs::path& folder) {
  fs::path sketch;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".ino") continue;
    if (!sketch.empty()) {
      throw std::runtime_error(fmt::format("{} holds more than one .ino", folder.string()));
    }
    sketch = entry.path();
  }
  if (sketch.empty()) throw std::runtime_error(fmt::format("{} holds no .ino", folder.string()));
  return sketch;
}

const ElfImage::Symbol& symbol(const ElfImage& contents, const fs::path& elf,
                               const std::string& name) {
  const auto found = contents.symbols.find(name);
  if (found == contents.symbols.end()) {
    throw std::runtime_error(fmt::format("{} has no symbol {}", elf.string(), name));
  }
  return found->second;
}

Image measure(const fs::path& elf) {
  const ElfImage contents = read_elf(elf);
  Image image;
  image.elf = elf;
  for (const ElfImage::Section& section : contents.sections) {
    if (section.address < kFlashBegin) continue;  // the stub in place of the bootloader
    if (section.stored) image.flash_bytes += section.size_bytes;
    if (section.writable) image.ram_bytes += section.size_bytes;
  }
  for (const char* buffer : {"pare_inputs", "pare_outputs"}) {
    image.buffer_bytes += symbol(contents, elf, buffer).size_bytes;
  }
  const ElfImage::Symbol& infer = symbol(contents, elf, "pare_infer");
  image.infer_address = infer.address;
  image.infer_bytes = infer.size_bytes;
  return image;
}

}  // namespace

const std::vector<std::string>& sketch_flags() {
  static const std::vector<std::string> kFlags = {
      "-Os",       "-std=gnu++14",      "-fno-exceptions",
      "-fno-rtti", "-funsigned-char",   "-mcpu=cortex-m4",
      "-mthumb",   "-mfpu=fpv4-sp-d16", "-mfloat-abi=softfp"};
  return kFlags;
}

Image build_image(const fs::path& sketch_folder, const fs::path& build_folder,
                  const std::string& optimization, const std::vector<std::string>& more) {
  fs::create_directories(build_folder);
  const fs::path sketch = find_sketch(sketch_folder);
  const std::vector<std::string> objects = board_objects(build_folder, optimization);
  std::vector<std::string> command = compiler_command(optimization);
  command.insert(command.end(), {"-I", board_folder(), "-I", sketch_folder, "-include", "Arduino.h",
                                 "-x", "c++", sketch, "-x", "none"});
  command.insert(command.end(), objects.begin(), objects.end());
  command.insert(command.end(), more.begin(), more.end());
  command.insert(command.end(),
                 {"--specs=nano.specs", "--specs=nosys.specs", "-nostartfiles", "-Wl,--gc-sections",
                  fmt::format("-Wl,--defsym=flash_bytes={}", kSketchFlashBytes),
                  fmt::format("-Wl,--defsym=ram_bytes={}", kSketchRamBytes), "-T",
                  board_folder() / "nano33ble.ld"});
  const fs::path elf = build_folder / fmt::format("{}.elf", sketch.stem().string());
  compile(std::move(command), elf, sketch.string());
  return measure(elf);
}

void compile_c(const fs::path& source, const fs::path& object, const std::string& optimization,
               const std::vector<std::string>& more) {
  std::vector<std::string> command = compiler_command(optimization);
  for (std::string& word : command) {
    if (word.starts_with("-std=")) word = "-std=gnu11";
  }
  std::erase(command, "-fno-rtti");
  command.insert(command.end(), more.begin(), more.end());
  command.insert(command.end(), {"-x", "c", "-c", source});
  compile(std::move(command), object, source.string());
}

}  // namespace pare::mcu
