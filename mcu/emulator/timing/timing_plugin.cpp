#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mcu/emulator/timing/cycle_model.h"
#include "mcu/emulator/timing/qemu_plugin.h"
#include "mcu/emulator/timing/riscv_decoder.h"
#include "mcu/emulator/timing/thumb_decoder.h"

namespace pare::mcu {
namespace {

constexpr std::uint32_t kThumbBit = 1;
constexpr unsigned kBytesPerWord = 4;

struct Settings {
  bool riscv;  ///< count instructions, not cycles: no model of a core
  std::uint32_t function;
  std::uint32_t function_end;
  std::uint32_t flash_begin;
  std::uint32_t flash_end;
  std::string out;
};

/// One translated instruction and the one that lies after it in its block.
struct Step {
  std::uint32_t address = 0;
  Instruction instruction;
  Step* next = nullptr;
  std::uint64_t flash_data_words = 0;  ///< that it read since it was last charged
  Timing cost;                         ///< of a site: what it cost in this call
};

/// Times every call of one function, and tells which of its instructions, the call's sites, cost
/// how much: each itself, the pipeline refill if it branches, and all of what it calls.
///
/// QEMU executes blocks: straight runs of instructions that it translates once. Each instruction
/// adds 1 to a counter in the translated code, and each block calls back once, at its start; what
/// the counter says there is how far the block before it got, which is less than its end when the
/// access to a device or an exception broke it off. So a call costs one callback per block, and all
/// other code one callback that returns at once. Calls and returns are jumps, and a jump's target
/// always starts a block. Interrupts must be off around a measured call: a handler that ran inside
/// would count, and one that ran between the call and the function would hide the call.
class CallTimer {
 public:
  explicit CallTimer(const Settings& settings);

  void translate(qemu_plugin_tb* block);
  void enter_block(Step* first);
  void read_memory(Step& step, std::uint32_t address, std::uint32_t size_bytes);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  Step& remember(const qemu_plugin_insn* instruction);
  const Step* replay_last_block();
  void charge(Step& step);
  bool is_site(const Step& step) const;
  void begin_call(const Step& call, Step* first);
  void end_call(const Step& first);
  bool write(const Timing& timing);

  Settings settings_;
  std::unique_ptr<std::FILE, CloseFile> out_;
  /// By address: a block that is translated again finds its steps, and blocks share theirs.
  std::unordered_map<std::uint32_t, Step> steps_;
  std::uint64_t executed_ = 0;

  Step* last_block_ = nullptr;
  std::uint64_t executed_before_last_block_ = 0;
  bool is_measuring_ = false;
  std::uint32_t return_address_ = 0;
  CycleModel model_;
  Step* site_ = nullptr;
};

/// Never destroyed: the emulated processor's thread may still call back while QEMU exits.
CallTimer* timer = nullptr;

extern "C" {

void on_block(unsigned /*vcpu*/, void* first) noexcept {
  timer->enter_block(static_cast<Step*>(first));
}

void on_memory(unsigned /*vcpu*/, qemu_plugin_meminfo_t info, std::uint64_t address,
               void* step) noexcept {
  if (qemu_plugin_mem_is_store(info)) return;
  timer->read_memory(*static_cast<Step*>(step), static_cast<std::uint32_t>(address),
                     1u << qemu_plugin_mem_size_shift(info));
}

void on_translation(qemu_plugin_id_t /*id*/, qemu_plugin_tb* block) noexcept {
  timer->translate(block);
}
}

CallTimer::CallTimer(const Settings& settings)
    : settings_(settings), out_(std::fopen(settings.out.c_str(), "a")) {
  if (!out_) throw std::system_error(errno, std::generic_category(), "out=" + settings.out);
}

Step& CallTimer::remember(const qemu_plugin_insn* instruction) {
  std::uint16_t halfwords[2] = {};
  std::memcpy(halfwords, qemu_plugin_insn_data(instruction), qemu_plugin_insn_size(instruction));
  const auto address = static_cast<std::uint32_t>(qemu_plugin_insn_vaddr(instruction));
  Step& step = steps_[address];
  step.address = address;
  step.instruction =
      settings_.riscv ? decode_riscv(halfwords[0]) : decode(halfwords[0], halfwords[1]);
  return step;
}

void CallTimer::translate(qemu_plugin_tb* block) {
  const std::size_t count = qemu_plugin_tb_n_insns(block);
  Step* previous = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    Step& step = remember(instruction);
    if (previous == nullptr) {
      qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, QEMU_PLUGIN_CB_NO_REGS, &step);
    } else {
      previous->next = &step;
    }
    previous = &step;
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &executed_,
                                               1);
    // Asked for reads alone, QEMU 7.2 reports only writes.
    if (reads_memory(step.instruction.kind)) {
      qemu_plugin_register_vcpu_mem_cb(instruction, on_memory, QEMU_PLUGIN_CB_NO_REGS,
                                       QEMU_PLUGIN_MEM_RW, &step);
    }
  }
}

void CallTimer::enter_block(Step* first) {
  if (is_measuring_ || first->address == settings_.function) {
    const Step* last = replay_last_block();
    const bool is_called = last != nullptr && last->instruction.kind == InstructionClass::call;
    if (is_measuring_ && first->address == return_address_) {
      end_call(*first);
    } else if (!is_measuring_ && is_called) {
      begin_call(*last, first);
    }
  }
  last_block_ = first;
  executed_before_last_block_ = executed_;
}

/// Feeds what ran of the last block to the model while a call is measured; returns the last
/// instruction of it that ran.
const Step* CallTimer::replay_last_block() {
  const Step* last = nullptr;
  Step* step = last_block_;
  for (std::uint64_t left = executed_ - executed_before_last_block_; left > 0 && step != nullptr;
       --left) {
    if (is_measuring_) charge(*step);
    last = step;
    step = step->next;
  }
  return last;
}

/// Feeds one executed instruction to the model, at the cost of its site.
void CallTimer::charge(Step& step) {
  const Timing before = model_.timing();
  const Timing arrived = model_.arrive(step.address, step.instruction);
  site_->cost += arrived - before;  // the refill of the branch is the site's that took it
  if (is_site(step)) site_ = &step;
  model_.add_flash_data_words(std::exchange(step.flash_data_words, 0));
  model_.execute(step.address, step.instruction);
  site_->cost += model_.timing() - arrived;
}

bool CallTimer::is_site(const Step& step) const {
  return step.address >= settings_.function && step.address < settings_.function_end;
}

void CallTimer::begin_call(const Step& call, Step* first) {
  is_measuring_ = true;
  return_address_ = call.address + call.instruction.size_bytes;
  model_ = CycleModel();
  site_ = first;
}

void CallTimer::end_call(const Step& first) {
  is_measuring_ = false;
  const Timing before = model_.timing();
  const Timing timing = model_.arrive(first.address, first.instruction);
  site_->cost += timing - before;
  if (!write(timing)) {
    std::fprintf(stderr, "m4_timing: out=%s: cannot write the timing of a call: %s\n",
                 settings_.out.c_str(), std::strerror(errno));
  }
}

/// One line for the call, its last number the count of sites, and one line for each site, its
/// first number the address.
bool CallTimer::write(const Timing& timing) {
  const auto as_printed = [](std::uint64_t number) {
    return static_cast<unsigned long long>(number);
  };
  const auto cycles = [&](const Timing& cost) {
    return as_printed(settings_.riscv ? 0 : cost.cycles);
  };
  std::vector<Step*> sites;
  for (auto& [address, step] : steps_) {
    if (step.cost != Timing()) sites.push_back(&step);
  }
  std::fprintf(out_.get(), "%llu %llu %llu %zu\n", as_printed(timing.instructions), cycles(timing),
               as_printed(timing.flash_data_words), sites.size());
  for (Step* site : sites) {
    const Timing cost = std::exchange(site->cost, Timing());
    std::fprintf(out_.get(), "%lu %llu %llu %llu\n", static_cast<unsigned long>(site->address),
                 as_printed(cost.instructions), cycles(cost), as_printed(cost.flash_data_words));
  }
  // Flushed at once: the host may end the emulator at any time.
  return std::fflush(out_.get()) == 0 && std::ferror(out_.get()) == 0;
}

void CallTimer::read_memory(Step& step, std::uint32_t address, std::uint32_t size_bytes) {
  const bool is_flash = address >= settings_.flash_begin && address < settings_.flash_end;
  if (!is_measuring_ || !is_flash) return;
  const std::uint32_t last = address + size_bytes - 1;
  step.flash_data_words += last / kBytesPerWord - address / kBytesPerWord + 1;
}

std::uint32_t parse_address(const std::string& name, const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const unsigned long long value = std::strtoull(text.c_str(), &end, 0);
  if (end == text.c_str() || *end != '\0' || errno != 0 ||
      value > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument(name + "=" + text + " is not a 32-bit address such as 0x10000");
  }
  return static_cast<std::uint32_t>(value);
}

Settings parse_settings(const std::string& target, int argc, char** argv) {
  std::map<std::string, std::string> values;
  for (int i = 0; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos)
      throw std::invalid_argument(argument + " is not of the form name=value");
    values[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  const auto take = [&values](const std::string& name) {
    const auto node = values.extract(name);
    if (node.empty()) throw std::invalid_argument(name + "=... is missing");
    return node.mapped();
  };
  Settings settings{
      .riscv = target.rfind("riscv", 0) == 0,
      .function = parse_address("function", take("function")) & ~kThumbBit,
      .function_end = parse_address("function_end", take("function_end")),
      .flash_begin = parse_address("flash_begin", take("flash_begin")),
      .flash_end = parse_address("flash_end", take("flash_end")),
      .out = take("out"),
  };
  if (!values.empty()) {
    throw std::invalid_argument(values.begin()->first +
                                " is unknown, expected function, function_end, flash_begin, "
                                "flash_end and out");
  }
  return settings;
}

}  // namespace
}  // namespace pare::mcu

const int qemu_plugin_version = 1;  // NOLINT(readability-identifier-naming)

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
  try {
    pare::mcu::timer =
        new pare::mcu::CallTimer(pare::mcu::parse_settings(info->target_name, argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "m4_timing: %s\n", error.what());
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, pare::mcu::on_translation);
  return 0;
}
