#include "bench/notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace pare::bench {

std::string summarize(const Row& row) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string_view words, const Number& number) {
    if (number) parts.push_back(fmt::format(fmt::runtime(words), *number));
  };
  add("{:.0f} B of weights", row.weights_bytes);
  const Number top1 = row.score("top1");
  add("top-1 {:.2f} %", top1);
  if (!top1) add("MSE {:.2e}", row.score("mse"));
  for (const mcu::Board* board : boards_of({&row, 1})) {
    const BoardRow& figures = row.boards.find(board->name)->second;
    if (row.boards.size() > 1) parts.push_back(fmt::format("on {}", board->name));
    add("{:.0f} B of flash", figures.flash_bytes);
    add("{:.0f} cycles est.", figures.flash_cycles_estimate);
    if (figures.bit_exact && figures.vectors && figures.max_difference == 0) {
      parts.push_back(
          fmt::format("{:.0f} of {:.0f} bit-exact", *figures.bit_exact, *figures.vectors));
    }
  }
  if (!row.note.empty()) parts.push_back(row.note);
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> collect_notes(const std::vector<SeedRows>& variants,
                                       const std::vector<std::uint64_t>& seeds) {
  std::vector<std::string> result;
  for (const SeedRows& rows : variants) {
    std::map<std::string, std::vector<std::uint64_t>> notes;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].note.empty()) notes[rows[i].note].push_back(seeds[i]);
    }
    for (const auto& [note, of] : notes) {
      const std::string& name = rows.front().name;
      result.push_back(of.size() == seeds.size()
                           ? fmt::format("{}: {}", name, note)
                           : fmt::format("{}, seed {}: {}", name, fmt::join(of, " and "), note));
    }
  }
  return result;
}

}  // namespace pare::bench
