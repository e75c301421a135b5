#include "bench/board_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "mcu/kernel/kernel_version.h"

namespace pare::bench {
namespace {

CycleCounts summarize(std::vector<double> cycles, double counter_mhz) {
  std::sort(cycles.begin(), cycles.end());
  const std::size_t middle = cycles.size() / 2;
  const double median =
      cycles.size() % 2 == 1 ? cycles[middle] : (cycles[middle - 1] + cycles[middle]) / 2;
  return {cycles.size(), cycles.front(), median, cycles.back(), counter_mhz};
}

}  // namespace

OtherModel::OtherModel(std::uint32_t found, std::uint32_t expected)
    : std::runtime_error(fmt::format(
          "the board holds a model with hash {:08x}, not {:08x}; flash it again", found, expected)),
      found_(found) {}

void check_identity(mcu::BoardClient& board, const mcu::Artefact& artefact) {
  const mcu::BoardInfo info = board.info();
  const std::uint32_t expected = artefact.hash;
  if (info.kernel_version != kKernelVersion) {
    throw std::runtime_error(
        fmt::format("the board runs kernel version {}, this is {}; flash it again",
                    info.kernel_version, kKernelVersion));
  }
  if (info.hash != expected) throw OtherModel(info.hash, expected);
}

BoardReport validate_board_client(mcu::BoardClient& board, const mcu::Artefact& artefact,
                                  const nn::Matrix& inputs, nn::Index count) {
  check_identity(board, artefact);
  BoardReport report;
  report.instruction_cache = board.info().instruction_cache;
  const double counter_mhz = board.counter_mhz();
  std::vector<double> cycles;
  const auto infer = [&](const Bytes& input) {
    Bytes outputs = board.infer(input);
    if (counter_mhz > 0 && board.cycles()) cycles.push_back(*board.cycles());
    return outputs;
  };
  mcu::HostKernel kernel(artefact.encoded);
  const mcu::TestVectors vectors = mcu::make_test_vectors(artefact.model, inputs, count);
  report.agreement = compare(artefact.model, {inference_on(kernel), infer}, vectors);
  if (cycles.empty()) return report;
  for (std::size_t i = 0; cycles.size() < kCountedRuns && i < kCountedRuns; ++i) {
    infer(vectors.inputs[i % vectors.inputs.size()]);
  }
  report.cycles = summarize(std::move(cycles), counter_mhz);
  return report;
}

std::optional<double> bit_exact(nn::Arithmetic arithmetic, const Agreement& agreement) {
  if (arithmetic == nn::Arithmetic::float32) return std::nullopt;
  return static_cast<double>(agreement.bit_exact);
}

}  // namespace pare::bench
