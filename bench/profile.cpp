#include "bench/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>

#include "bench/measure.h"
#include "mcu/c_source.h"
#include "mcu/emulator/source_lines.h"

namespace pare::bench {
namespace {

namespace fs = std::filesystem;

/// The layer that each site belongs to, by address; sites of no layer are not in it.
std::map<std::uint32_t, std::size_t> layers_of_sites(const BoardCosts& costs,
                                                     const mcu::ModelSource& source) {
  std::vector<std::uint32_t> addresses;
  for (const mcu::CallTiming& call : costs.calls) {
    for (const mcu::SiteTiming& site : call.sites) addresses.push_back(site.address);
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  const std::vector<mcu::SourceLine> lines = mcu::source_lines(costs.image.elf, addresses);
  std::map<std::uint32_t, std::size_t> layers;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto found = source.layer_lines.find(lines[i].line);
    if (lines[i].file == "model.h" && found != source.layer_lines.end()) {
      layers[addresses[i]] = found->second;
    }
  }
  return layers;
}

PartCost cost_of(const mcu::Timing& timing) {
  return {static_cast<long>(timing.instructions), static_cast<long>(timing.cycles),
          flash_cycles_of(timing)};
}

/// Adds one number of the call that has the most of it in all to the parts that it belongs to.
void add_most(long PartCost::*number, const std::vector<mcu::CallTiming>& calls,
              const std::map<std::uint32_t, std::size_t>& layers, Profile& profile) {
  const auto most = std::max_element(calls.begin(), calls.end(),
                                     [&](const mcu::CallTiming& a, const mcu::CallTiming& b) {
                                       return cost_of(a.total).*number < cost_of(b.total).*number;
                                     });
  for (const mcu::SiteTiming& site : most->sites) {
    const auto layer = layers.find(site.address);
    PartCost& part =
        layer == layers.end() ? profile.outside : profile.layers.at(layer->second).cost;
    part.*number += cost_of(site.timing).*number;
  }
}

LayerProfile describe(const mcu::EncodedModel& model, const mcu::EncodedLayer& layer) {
  std::vector<std::size_t> arrays = layer.arrays;
  if (layer.table) arrays.push_back(*layer.table);
  std::size_t bytes = 0;
  for (const std::size_t index : arrays) {
    bytes += model.arrays[index].count * mcu::element_bytes(model.arrays[index].type);
  }
  return {layer.encoding,
          layer.inputs,
          layer.outputs,
          layer.inputs * layer.outputs,
          static_cast<long>(bytes),
          {}};
}

std::string ratio(long part, long whole, double scale) {
  if (whole == 0) return std::string(kNothing);
  return fmt::format("{:.2f}", scale * static_cast<double>(part) / static_cast<double>(whole));
}

/// The cells of what a part costs, `macs` of it and `all` of the cycles.
std::vector<std::string> cost_cells(const PartCost& cost, long macs, const PartCost& all) {
  return {fmt::format("{}", cost.instructions), fmt::format("{}", cost.flash_cycles),
          ratio(cost.flash_cycles, macs, 1), ratio(cost.flash_cycles, all.flash_cycles, 100),
          fmt::format("{}", cost.cycles)};
}

}  // namespace

Profile profile(const mcu::Artefact& artefact, const nn::Matrix& inputs, const fs::path& folder) {
  Profile result;
  const BoardCosts costs =
      measure_costs(artefact, mcu::nano33ble(), inputs, folder, result.figures);
  for (const mcu::EncodedLayer& layer : artefact.encoded.layers) {
    result.layers.push_back(describe(artefact.encoded, layer));
  }
  const auto layers = layers_of_sites(costs, artefact.source);
  for (long PartCost::*number :
       {&PartCost::instructions, &PartCost::cycles, &PartCost::flash_cycles}) {
    add_most(number, costs.calls, layers, result);
  }
  return result;
}

Table profile_table(const Profile& profile) {
  Table table{{"layer", "encoding", "inputs", "outputs", "MACs", "bytes", "M4 instr",
               "M4 cycles est.", "cycles/MAC", "cycles %", "zero-wait cycles est."},
              std::vector<bool>(11, true),
              {}};
  table.numeric[0] = table.numeric[1] = false;
  long macs = 0;
  long bytes = 0;
  PartCost all = profile.outside;
  for (const LayerProfile& layer : profile.layers) {
    macs += layer.macs;
    bytes += layer.bytes;
    all.instructions += layer.cost.instructions;
    all.cycles += layer.cost.cycles;
    all.flash_cycles += layer.cost.flash_cycles;
  }
  const auto add = [&](std::vector<std::string> cells, const PartCost& cost, long part_macs) {
    for (std::string& cell : cost_cells(cost, part_macs, all)) cells.push_back(std::move(cell));
    table.rows.push_back(std::move(cells));
  };
  const std::string none(kNothing);
  for (const LayerProfile& layer : profile.layers) {
    add({fmt::format("{}", table.rows.size() + 1), layer.encoding, fmt::format("{}", layer.inputs),
         fmt::format("{}", layer.outputs), fmt::format("{}", layer.macs),
         fmt::format("{}", layer.bytes)},
        layer.cost, layer.macs);
  }
  add({"outside", none, none, none, none, none}, profile.outside, 0);
  add({"all", none, none, none, fmt::format("{}", macs), fmt::format("{}", bytes)}, all, macs);
  return table;
}

}  // namespace pare::bench
