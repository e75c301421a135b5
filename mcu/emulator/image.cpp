#include "mcu/emulator/image.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
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
#include "mcu/temporary_folder.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

fs::path board_folder() { return fs::path(PARE_SOURCE_DIR) / "mcu/emulator/board"; }

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The files of one board alone.
fs::path own_folder(const Board& board) { return board_folder() / board.name; }

const Toolchain& toolchain_of(const Board& board) {
  if (board.toolchain != nullptr) return *board.toolchain;
  throw std::runtime_error(fmt::format(
      "Debian has no compiler for the {} ({}): its sketch is exported and flashed, but nothing is "
      "measured here",
      board.title, board.core));
}

std::vector<std::string> compiler_command(const Board& board, const std::string& optimization) {
  const Toolchain& tools = toolchain_of(board);
  std::vector<std::string> command = {require_program(tools.compiler, tools.package).string()};
  command.insert(command.end(), tools.flags.begin(), tools.flags.end());
  std::replace(command.begin(), command.end(), std::string("-Os"), optimization);
  // Line tables change no code, and lie in no memory of the board.
  command.insert(command.end(), {"-ffunction-sections", "-fdata-sections", "-g1", "-I",
                                 own_folder(board), "-I", board_folder()});
  return command;
}

constexpr long kAddressSpaceBytes = 1L << 32;

/// The linker says "region `FLASH' overflowed by N bytes".
void throw_if_too_large(const Board& board, const std::string& output) {
  const auto check = [&](const char* region, const char* memory, long limit) {
    const std::string start = fmt::format("region `{}' overflowed by ", region);
    const std::size_t found = output.find(start);
    if (found == std::string::npos) return;
    long excess = 0;
    const char* const digits = output.data() + found + start.size();
    const auto parsed = std::from_chars(digits, output.data() + output.size(), excess);
    if (parsed.ec != std::errc() || excess > kAddressSpaceBytes) return;  // no linker says that
    throw DoesNotFit(board, fmt::format("{} {} > {}", memory, limit + excess, limit));
  };
  check("FLASH", "flash", board.sketch_flash_bytes);
  check("RAM", "RAM", board.sketch_ram_bytes);
}

/// Runs a compiler command that writes `output`. Others may be at work on the same file: it appears
/// whole or not at all.
void compile(const Board& board, std::vector<std::string> command, const fs::path& output,
             std::string_view what) {
  static std::atomic<int> serial = 0;
  const fs::path unfinished = fmt::format("{}.{}.{}", output.string(), ::getpid(), ++serial);
  command.insert(command.end(), {"-o", unfinished.string()});
  const ProcessResult result = run_process(command);
  if (result.exit_code != 0) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw_if_too_large(board, result.output);
    throw std::runtime_error(fmt::format(
        "{} does not build for the {}:\n{}", what, board.title,
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

/// The start-up code's objects, kept for the next sketch; their names carry a sum over everything
/// that they are made from.
std::vector<std::string> board_objects(const Board& board, const std::string& optimization) {
  static const TemporaryFolder kObjects;
  std::string made_from = fmt::format("{}", fmt::join(compiler_command(board, optimization), " "));
  for (const fs::path& folder : {board_folder(), own_folder(board)}) {
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) made_from += read_text(file);
  }
  const std::uint32_t sum =
      crc32(0, made_from.data(), static_cast<std::uint32_t>(made_from.size()));
  std::vector<std::string> objects;
  for (const fs::path& source :
       {board_folder() / "arduino.cpp", own_folder(board) / "startup.cpp"}) {
    const fs::path object =
        kObjects.path() / fmt::format("{}.{:08x}.o", source.stem().string(), sum);
    if (!fs::exists(object)) {
      std::vector<std::string> command = compiler_command(board, optimization);
      command.insert(command.end(), {"-c", source});
      compile(board, std::move(command), object, "the board's start-up code");
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

Image measure(const Board& board, const fs::path& elf) {
  const ElfImage contents = read_elf(elf);
  Image image;
  image.elf = elf;
  image.board = &board;
  for (const ElfImage::Section& section : contents.sections) {
    if (section.address < board.toolchain->flash_begin)
      continue;  // the stub in place of the bootloader
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

void require_tools(const Board& board) {
  const Toolchain& tools = toolchain_of(board);
  require_program(tools.compiler, tools.package);
  Image none;
  none.board = &board;
  board.emulator->command(none, {}, {});
}

Image build_image(const fs::path& sketch_folder, const fs::path& build_folder,
                  const std::string& optimization, const std::vector<std::string>& more,
                  const Board& board) {
  fs::create_directories(build_folder);
  const fs::path sketch = find_sketch(sketch_folder);
  const std::vector<std::string> objects = board_objects(board, optimization);
  std::vector<std::string> command = compiler_command(board, optimization);
  command.insert(command.end(),
                 {"-I", sketch_folder, "-include", "Arduino.h", "-x", "c++", sketch, "-x", "none"});
  command.insert(command.end(), objects.begin(), objects.end());
  command.insert(command.end(), more.begin(), more.end());
  command.insert(command.end(),
                 {"-nostartfiles", "-Wl,--gc-sections",
                  fmt::format("-Wl,--defsym=flash_bytes={}", board.sketch_flash_bytes),
                  fmt::format("-Wl,--defsym=ram_bytes={}", board.sketch_ram_bytes), "-L",
                  board_folder(), "-T", own_folder(board) / "link.ld"});
  command.insert(command.end(), board.toolchain->link_flags.begin(),
                 board.toolchain->link_flags.end());
  const fs::path elf = build_folder / fmt::format("{}.elf", sketch.stem().string());
  compile(board, std::move(command), elf, sketch.string());
  return measure(board, elf);
}

void compile_c(const fs::path& source, const fs::path& object, const std::string& optimization,
               const std::vector<std::string>& more) {
  std::vector<std::string> command = compiler_command(nano33ble(), optimization);
  for (std::string& word : command) {
    if (word.starts_with("-std=")) word = "-std=gnu11";
  }
  std::erase(command, "-fno-rtti");
  command.insert(command.end(), more.begin(), more.end());
  command.insert(command.end(), {"-x", "c", "-c", source});
  compile(nano33ble(), std::move(command), object, source.string());
}

}  // namespace pare::mcu
