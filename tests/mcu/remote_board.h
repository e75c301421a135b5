#pragma once

#include <memory>
#include <optional>

#include "mcu/emulator/emulated_board.h"
#include "mcu/export_sketch.h"
#include "mcu/serial_port.h"
#include "tests/helpers.h"
#include "tests/mcu/faulty_line.h"
#include "tests/mcu/random_int8.h"

namespace pare::tests {

/// A cycle counter at `mhz` of a micros() that steps by 1, for a sketch's prelude: QEMU has none.
/// Inferences take 510 and 530 cycles in turn.
inline std::string counter_prelude(int mhz) {
  return "static uint32_t fake_us;\n"
         "#define micros() (++fake_us)\n"
         "struct Counter {\n"
         "  operator uint32_t() const {\n"
         "    static uint32_t sum, reads;\n"
         "    sum += 500 + 10 * (reads++ % 4);\n"
         "    return sum + fake_us * " +
         std::to_string(mhz) +
         ";\n"
         "  }\n"
         "};\n"
         "static struct { uint32_t CTRL; Counter CYCCNT; } counter;\n"
         "#undef DWT\n"
         "#define DWT (&counter)\n";
}

/// The sketch of a model, with `prelude` after Arduino.h, linked in `folder`.
inline mcu::Image build_image_with(const std::string& prelude, const nn::Model& model,
                                   const mcu::TestVectors& vectors,
                                   const std::filesystem::path& folder) {
  mcu::export_sketch(mcu::make_artefact("remote", model, mcu::encode(model)), vectors,
                     folder / "sketch");
  const std::filesystem::path ino = folder / "sketch/sketch.ino";
  const std::string text = read_file(ino);
  std::ofstream(ino) << "#include <Arduino.h>\n" << prelude << text;
  return mcu::build_image(folder / "sketch", folder / "build");
}

/// A model on an emulated board that is reached through a FaultyLine.
class RemoteBoard {
 public:
  static constexpr auto kTimeOut = std::chrono::milliseconds(300);

  RemoteBoard()
      : RemoteBoard(random_int8_model({40, 8, 3}, 5, true), random_matrix(6, 40, 7) * 30) {}

  /// `prelude` is C++ that the sketch has after Arduino.h.
  RemoteBoard(nn::Model model, const nn::Matrix& inputs, const std::string& prelude = "")
      : model_(std::move(model)), vectors_(mcu::make_test_vectors(model_, inputs, inputs.rows())) {
    const mcu::Image image = build_image_with(prelude, model_, vectors_, folder_.path());
    mcu::EmulatedBoard::Options options;
    options.line = [this](mcu::FileDescriptor board) {
      line_ = std::make_unique<FaultyLine>(std::move(board));
      return mcu::open_serial_port(line_->path());
    };
    board_.emplace(image, options);
    client_.emplace(std::move(board_->client()));  // so that the port can be opened again
  }

  FaultyLine& line() { return *line_; }
  const mcu::TestVectors& vectors() const { return vectors_; }
  nn::Quantization output() const { return mcu::encode(model_).layers.back().output; }
  std::uint32_t hash() const { return mcu::hash(mcu::encode(model_)); }

  mcu::BoardClient connect(std::chrono::milliseconds time_out = kTimeOut) {
    client_.reset();
    return mcu::BoardClient(mcu::SerialLink(mcu::open_serial_port(line_->path())), time_out);
  }

 private:
  mcu::TemporaryFolder folder_;
  nn::Model model_;
  mcu::TestVectors vectors_;
  std::unique_ptr<FaultyLine> line_;
  std::optional<mcu::EmulatedBoard> board_;
  std::optional<mcu::BoardClient> client_;
};

}  // namespace pare::tests
