#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>

#include "bench/validate.h"
#include "mcu/artefact.h"
#include "mcu/board_client.h"

namespace pare::bench {

/// Inferences that a board's cycles are counted over, at least.
constexpr std::size_t kCountedRuns = 100;

/// Cycles of single inferences by the board's own counter.
struct CycleCounts {
  std::size_t runs = 0;
  double min = 0;
  double median = 0;
  double max = 0;
  double counter_mhz = 0;  ///< what the counter runs at by the board's micros()
};

/// How a board did over test vectors.
struct BoardReport {
  Agreement agreement;                ///< of the host's kernel and the board with the reference
  std::optional<CycleCounts> cycles;  ///< nothing where the counter does not move
  bool instruction_cache = false;     ///< on
};

/// A board holds another model than it should.
class OtherModel : public std::runtime_error {
 public:
  OtherModel(std::uint32_t found, std::uint32_t expected);

  /// The hash of the model that it holds.
  std::uint32_t found() const { return found_; }

 private:
  std::uint32_t found_;
};

/// Throws std::runtime_error if the board runs another kernel version, OtherModel if it runs
/// another model than this.
void check_identity(mcu::BoardClient& board, const mcu::Artefact& artefact);

/// Checks the board's identity, has it and the host's kernel infer at most `count` rows of `inputs`
/// [samples, features], and again until there are kCountedRuns if the board counts cycles. Throws
/// std::runtime_error as BoardClient does, too.
BoardReport validate_board_client(mcu::BoardClient& board, const mcu::Artefact& artefact,
                                  const nn::Matrix& inputs, nn::Index count);

/// The vectors on which all agree byte by byte; nothing of a float32 model, of which that is not
/// asked: its sums are taken in another order.
std::optional<double> bit_exact(nn::Arithmetic arithmetic, const Agreement& agreement);

}  // namespace pare::bench
