#include "experiments/made.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bench/budget.h"
#include "bench/choose_encodings.h"
#include "bench/measure.h"
#include "bench/warnings.h"
#include "experiments/messages.h"
#include "mcu/artefact.h"
#include "mcu/emulator/image.h"
#include "mcu/encode.h"

namespace pare::experiments {
namespace {

void add_note(Made& made, const std::string& text) {
  if (text.empty()) return;
  made.row.note += (made.row.note.empty() ? "" : "; ") + text;
}

void fail(Made& made, const std::string& why) {
  add_note(made, why);
  made.whole = false;
}

/// What goes wrong on one board costs no other's figures.
void measure_on(const mcu::Board& board, const mcu::Artefact& artefact, const nn::Matrix& inputs,
                const bench::Budget& budget, const std::filesystem::path& folder, Made& made) {
  bench::BoardRow& figures = made.row.boards[std::string(board.name)];
  try {
    if (!bench::measure_board(artefact, board, inputs, folder, figures)) {
      fail(made, fmt::format("the outputs of {} are not the reference's", board.name));
    }
    figures.excess = bench::find_excess(figures, budget);
  } catch (const mcu::DoesNotFit& error) {
    add_note(made, error.what());
    figures.excess = error.excess();
  } catch (const std::exception& error) {
    fail(made, explain(error));
  }
}

}  // namespace

void measure_boards(const Experiment& experiment, const nn::Split& data,
                    const std::filesystem::path& folder, Made& made) {
  bench::Row& row = made.row;
  try {
    const mcu::Artefact artefact = mcu::make_artefact(
        row.name, made.model,
        bench::choose_encodings(made.model,
                                bench::goal_within(experiment.budget, experiment.optimize)));
    bench::measure_model(artefact, data.test, row);
    add_note(made, bench::find_warnings(made.model, data.train, data.test, row));
    for (const std::string& name : experiment.boards) {
      measure_on(mcu::board_named(name), artefact, data.test.inputs, experiment.budget,
                 folder / name, made);
    }
  } catch (const std::exception& error) {
    fail(made, explain(error));
  }
}

void measure_host(const nn::Matrix& inputs, Made& made) {
  try {
    bench::measure_latency(made.model, inputs, made.row);
  } catch (const std::exception& error) {
    fail(made, explain(error));
  }
}

nlohmann::json count_layers(const nn::Model& model) {
  nlohmann::json layers = nlohmann::json::array();
  for (const nn::Layer& layer : model.layers) {
    const nn::Index parameters = nn::parameter_count(layer);
    const mcu::EncodedModel encoded = mcu::encode(nn::Model{{layer}});
    layers.push_back({{"inputs", nn::input_count(layer)},
                      {"outputs", nn::output_count(layer)},
                      {"parameters", parameters},
                      {"bytes", encoded.bytes.size()}});
  }
  return layers;
}

}  // namespace pare::experiments
