#include "compress/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>

#include "nn/nearest_name.h"

namespace pare::compress {
namespace {

std::string shown(double value) {
  return std::isinf(value) ? (value > 0 ? "inf" : "-inf") : fmt::format("{}", value);
}

std::string shown(Range range) {
  return fmt::format("[{}, {}{}", shown(range.low), shown(range.high),
                     std::isinf(range.high) ? ")" : "]");
}

std::string shown(const OptionValue& given) {
  struct Show {
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t i) const { return fmt::format("{}", i); }
    std::string operator()(double d) const { return shown(d); }
    std::string operator()(const std::string& s) const { return toml_string(s); }
    std::string operator()(const std::vector<double>& v) const {
      return fmt::format("[{}]", fmt::join(v, ", "));
    }
    std::string operator()(const std::vector<std::string>& v) const {
      std::string list;
      for (const std::string& s : v) list += (list.empty() ? "" : ", ") + toml_string(s);
      return fmt::format("[{}]", list);
    }
  };
  return std::visit(Show{}, given.value);
}

bool inside(double value, Range range) { return value >= range.low && value <= range.high; }

[[noreturn]] void wrong_type(std::string_view name, const OptionValue& given,
                             std::string_view expected) {
  throw std::invalid_argument(
      located(given.where, fmt::format("{} = {} is not {}", name, shown(given), expected)));
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') {
      result += {'\\', character};
    } else if (static_cast<unsigned char>(character) < 0x20 || character == 0x7F) {
      result += fmt::format("\\u{:04X}", character);
    } else {
      result += character;
    }
  }
  return result + '"';
}

std::string located(const std::string& where, std::string_view message) {
  return where.empty() ? std::string(message) : fmt::format("{}: {}", where, message);
}

Options::Options(std::string owner, Values values, std::string where)
    : owner_(std::move(owner)), values_(std::move(values)), where_(std::move(where)) {}

const OptionValue* Options::take(std::string_view name) {
  const auto found = values_.find(name);
  if (found == values_.end()) return nullptr;
  return &taken_.insert(values_.extract(found)).position->second;
}

template <class T>
T Options::resolve(std::string_view name, T value) {
  resolved_.push_back(fmt::format("{} = {}", name, shown(OptionValue{value, {}})));
  if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    numbers_[std::string(name)] = static_cast<double>(value);
  }
  return value;
}

std::optional<double> Options::read_number(std::string_view name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

double Options::checked_number(std::string_view name, const OptionValue& given, Range range) const {
  double value = 0;
  if (const auto* real = std::get_if<double>(&given.value)) {
    value = *real;
  } else if (const auto* whole = std::get_if<std::int64_t>(&given.value)) {
    value = static_cast<double>(*whole);
  } else {
    wrong_type(name, given, "a number");
  }
  if (!inside(value, range)) {
    fail(name, fmt::format("{} = {} is outside {}", name, shown(given), shown(range)));
  }
  return value;
}

std::vector<double> Options::checked_numbers(std::string_view name, const OptionValue& given,
                                             Range range) const {
  const auto* list = std::get_if<std::vector<double>>(&given.value);
  if (list == nullptr) wrong_type(name, given, "a list of numbers");
  for (const double value : *list) {
    if (!inside(value, range)) {
      fail(name, fmt::format("{} = {}: {} is outside {}", name, shown(given), shown(value),
                             shown(range)));
    }
  }
  return *list;
}

double Options::number(std::string_view name, double fallback, Range range, std::string_view help) {
  docs_.push_back({std::string(name), shown(fallback), shown(range), std::string(help)});
  const OptionValue* given = take(name);
  return resolve(name, given == nullptr ? fallback : checked_number(name, *given, range));
}

std::optional<double> Options::optional_number(std::string_view name, Range range,
                                               std::string_view otherwise, std::string_view help) {
  docs_.push_back({std::string(name), std::string(otherwise), shown(range), std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) return std::nullopt;
  return resolve(name, checked_number(name, *given, range));
}

std::int64_t Options::integer(std::string_view name, std::int64_t fallback, Range range,
                              std::string_view help) {
  docs_.push_back(
      {std::string(name), fmt::format("{}", fallback), shown(range), std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) return resolve(name, fallback);
  if (!std::holds_alternative<std::int64_t>(given->value)) wrong_type(name, *given, "an integer");
  checked_number(name, *given, range);
  return resolve(name, std::get<std::int64_t>(given->value));
}

bool Options::flag(std::string_view name, bool fallback, std::string_view help) {
  const std::optional<bool> given = optional_flag(name, fallback ? "true" : "false", help);
  return given ? *given : resolve(name, fallback);
}

std::optional<bool> Options::optional_flag(std::string_view name, std::string_view otherwise,
                                           std::string_view help) {
  docs_.push_back({std::string(name), std::string(otherwise), "true, false", std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) return std::nullopt;
  if (!std::holds_alternative<bool>(given->value)) wrong_type(name, *given, "true or false");
  return resolve(name, std::get<bool>(given->value));
}

std::string Options::text(std::string_view name, std::string_view fallback, std::string_view help) {
  docs_.push_back({std::string(name), toml_string(fallback), "text", std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) return resolve(name, std::string(fallback));
  if (!std::holds_alternative<std::string>(given->value)) wrong_type(name, *given, "a string");
  return resolve(name, std::get<std::string>(given->value));
}

std::string Options::file(std::string_view name, std::string_view fallback, std::string_view help,
                          const std::function<std::string(const OptionValue&)>& find) {
  const std::optional<std::string> given = optional_file(name, help, find);
  docs_.back().fallback = fmt::format("\"{}\"", fallback);
  return given ? *given : resolve(name, std::string(fallback));
}

std::optional<std::string> Options::optional_file(
    std::string_view name, std::string_view help,
    const std::function<std::string(const OptionValue&)>& find) {
  docs_.push_back({std::string(name), "none", "path", std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) return std::nullopt;
  if (!std::holds_alternative<std::string>(given->value)) wrong_type(name, *given, "a string");
  return resolve(name, find(*given));
}

std::vector<std::int64_t> Options::integers(std::string_view name,
                                            std::vector<std::int64_t> fallback, std::size_t least,
                                            Range range, std::string_view help) {
  docs_.push_back({std::string(name), fmt::format("[{}]", fmt::join(fallback, ", ")),
                   fmt::format("{} each", shown(range)), std::string(help)});
  const OptionValue* given = take(name);
  std::vector<double> values(fallback.begin(), fallback.end());
  if (given != nullptr) values = checked_numbers(name, *given, range);
  for (const double value : values) {
    if (value != std::round(value)) wrong_type(name, *given, "a list of integers");
  }
  if (values.size() < least) {
    fail(name, fmt::format("{} = {} needs at least {}", name, shown(*given), least));
  }
  resolve(name, values);
  return {values.begin(), values.end()};
}

Range Options::interval(std::string_view name, Range fallback, Range range, std::string_view help) {
  docs_.push_back({std::string(name), shown(fallback), shown(range), std::string(help)});
  const OptionValue* given = take(name);
  const std::vector<double> ends = given == nullptr ? std::vector{fallback.low, fallback.high}
                                                    : checked_numbers(name, *given, range);
  if (ends.size() != 2 || !(ends[0] < ends[1])) wrong_type(name, *given, "[low, high], low < high");
  resolve(name, ends);
  return {ends[0], ends[1]};
}

std::vector<std::string> Options::words(std::string_view name, std::vector<std::string> fallback,
                                        const std::vector<std::string_view>& known,
                                        std::string_view help) {
  docs_.push_back({std::string(name), shown(OptionValue{fallback, {}}),
                   fmt::format("each of {}", fmt::join(known, ", ")), std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) return resolve(name, std::move(fallback));
  const auto* list = std::get_if<std::vector<std::string>>(&given->value);
  if (list == nullptr || list->empty()) {
    wrong_type(name, *given, fmt::format("a list such as [\"{}\"]", known.front()));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string& word = (*list)[i];
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      fail(name, fmt::format("{} = {}: '{}' is none of: {}{}", name, shown(*given), word,
                             fmt::join(known, ", "), nn::did_you_mean(word, known)));
    }
    if (std::find(list->begin(), list->begin() + static_cast<std::ptrdiff_t>(i), word) !=
        list->begin() + static_cast<std::ptrdiff_t>(i)) {
      fail(name, fmt::format("{} = {} has {} twice", name, shown(*given), word));
    }
  }
  return resolve(name, *list);
}

std::vector<std::string> Options::texts(std::string_view name, std::string_view help) {
  docs_.push_back({std::string(name), "[]", "a list of texts", std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) return {};
  const auto* numbers = std::get_if<std::vector<double>>(&given->value);
  if (numbers != nullptr && numbers->empty()) return {};
  std::vector<std::string> texts;
  if (const auto* text = std::get_if<std::string>(&given->value)) texts = {*text};
  if (const auto* whole = std::get_if<std::int64_t>(&given->value)) {
    texts = {fmt::format("{}", *whole)};
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&given->value)) texts = *list;
  for (std::size_t i = 0; numbers != nullptr && i < numbers->size(); ++i) {
    const double number = (*numbers)[i];
    if (number != std::round(number)) wrong_type(name, *given, "a list of texts or whole numbers");
    texts.push_back(fmt::format("{}", static_cast<std::int64_t>(number)));
  }
  if (texts.empty()) wrong_type(name, *given, "a text, nor a list such as [\"a\", \"b\"]");
  return resolve(name, std::move(texts));
}

std::string Options::word(std::string_view name, const std::vector<std::string_view>& words,
                          std::string_view help, std::string_view fallback) {
  const auto usual = std::find(words.begin(), words.end(), fallback) - words.begin();
  return std::string(words[word_index(name, words, static_cast<std::size_t>(usual), help)]);
}

std::size_t Options::word_index(std::string_view name, const std::vector<std::string_view>& words,
                                std::size_t fallback, std::string_view help) {
  docs_.push_back({std::string(name), fmt::format("\"{}\"", words[fallback]),
                   fmt::format("{}", fmt::join(words, ", ")), std::string(help)});
  const OptionValue* given = take(name);
  if (given == nullptr) {
    resolve(name, std::string(words[fallback]));
    return fallback;
  }
  const auto* word = std::get_if<std::string>(&given->value);
  if (word == nullptr) wrong_type(name, *given, "a string");
  const auto found = std::find(words.begin(), words.end(), *word);
  if (found == words.end()) {
    fail(name, fmt::format("{} = {} is none of: {}{}", name, shown(*given), fmt::join(words, ", "),
                           nn::did_you_mean(*word, words)));
  }
  resolve(name, *word);
  return static_cast<std::size_t>(found - words.begin());
}

void Options::expect_empty() const {
  if (values_.empty()) return;
  std::vector<std::string_view> known;
  for (const OptionDoc& doc : docs_) known.emplace_back(doc.name);
  const auto& [name, value] = *values_.begin();
  const std::string rest =
      known.empty() ? "it has none" : fmt::format("known: {}", fmt::join(known, ", "));
  throw std::invalid_argument(
      located(value.where, fmt::format("unknown option '{}' of {}; {}{}", name, owner_, rest,
                                       nn::did_you_mean(name, known))));
}

void Options::fail(std::string_view name, std::string_view what) const {
  const auto found = taken_.find(name);
  throw std::invalid_argument(located(found == taken_.end() ? where_ : found->second.where, what));
}

}  // namespace pare::compress
