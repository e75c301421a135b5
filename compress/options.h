#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pare::compress {

/// One value as a config wrote it, and where: "file:line:column", or empty.
struct OptionValue {
  std::variant<bool, std::int64_t, double, std::string, std::vector<double>,
               std::vector<std::string>>
      value;
  std::string where;
};

/// Numbers from `low` to `high`, both included.
struct Range {
  double low;
  double high;
};

/// What an option means, as `pare passes` lists it.
struct OptionDoc {
  std::string name;
  std::string fallback;
  std::string range;
  std::string help;
};

/// `text` as a basic string of TOML, with its quotes: a TOML parser gives `text` back if that is
/// UTF-8. Source: TOML 1.0.0, section "String".
std::string toml_string(std::string_view text);

/// `message` with its place before it, where there is one.
std::string located(const std::string& where, std::string_view message);

/// The options of one pass, or one table of a config. Reading an option takes it out and documents
/// it; what is left when everything has been read is an error. All reads throw
/// std::invalid_argument, with the place, on a wrong type or a value outside its range.
class Options {
 public:
  using Values = std::map<std::string, OptionValue, std::less<>>;

  /// `owner` is whose options these are, in messages: a pass or a table.
  explicit Options(std::string owner, Values values = {}, std::string where = {});

  double number(std::string_view name, double fallback, Range range, std::string_view help);
  std::int64_t integer(std::string_view name, std::int64_t fallback, Range range,
                       std::string_view help);
  bool flag(std::string_view name, bool fallback, std::string_view help);
  std::string text(std::string_view name, std::string_view fallback, std::string_view help);
  /// The path of a file: what `find` makes of the string that the config gives.
  std::string file(std::string_view name, std::string_view fallback, std::string_view help,
                   const std::function<std::string(const OptionValue&)>& find);

  /// The same, or nothing where the config is silent.
  std::optional<std::string> optional_file(
      std::string_view name, std::string_view help,
      const std::function<std::string(const OptionValue&)>& find);

  /// The number, or nothing where the config is silent; `otherwise` says what then holds.
  std::optional<double> optional_number(std::string_view name, Range range,
                                        std::string_view otherwise, std::string_view help);
  /// The same of true or false.
  std::optional<bool> optional_flag(std::string_view name, std::string_view otherwise,
                                    std::string_view help);

  /// Integers, at least `least` of them, each in `range`.
  std::vector<std::int64_t> integers(std::string_view name, std::vector<std::int64_t> fallback,
                                     std::size_t least, Range range, std::string_view help);
  /// Words of `known`, at least one, none twice.
  std::vector<std::string> words(std::string_view name, std::vector<std::string> fallback,
                                 const std::vector<std::string_view>& known, std::string_view help);
  /// Any texts, or one alone; whole numbers are taken as texts. None where the config is silent.
  std::vector<std::string> texts(std::string_view name, std::string_view help);
  /// Two numbers, the first below the second.
  Range interval(std::string_view name, Range fallback, Range range, std::string_view help);

  /// One of `words`, which `fallback` is too.
  std::string word(std::string_view name, const std::vector<std::string_view>& words,
                   std::string_view help, std::string_view fallback);

  /// One of a few words; the first is the default, or the one that means `fallback`.
  template <class E>
  E choice(std::string_view name, std::initializer_list<std::pair<std::string_view, E>> words,
           std::string_view help, std::optional<E> fallback = {}) {
    std::vector<std::string_view> names;
    std::size_t index = 0;
    for (const auto& [word, value] : words) {
      if (value == fallback) index = names.size();
      names.push_back(word);
    }
    return words.begin()[word_index(name, names, index, help)].second;
  }

  /// Throws std::invalid_argument naming an option that nobody read, and those that exist.
  void expect_empty() const;

  /// Throws std::invalid_argument with the place of option `name`, or of the whole table.
  [[noreturn]] void fail(std::string_view name, std::string_view what) const;

  const std::vector<OptionDoc>& docs() const { return docs_; }

  /// "name = value" of everything read, in TOML, defaults included.
  const std::vector<std::string>& resolved() const { return resolved_; }

  /// What was read as a number or an integer, defaults included; nothing of another name.
  std::optional<double> read_number(std::string_view name) const;

 private:
  const OptionValue* take(std::string_view name);
  template <class T>
  T resolve(std::string_view name, T value);
  std::size_t word_index(std::string_view name, const std::vector<std::string_view>& words,
                         std::size_t fallback, std::string_view help);
  double checked_number(std::string_view name, const OptionValue& given, Range range) const;
  std::vector<double> checked_numbers(std::string_view name, const OptionValue& given,
                                      Range range) const;

  std::string owner_;
  Values values_;
  std::string where_;
  std::map<std::string, OptionValue, std::less<>> taken_;
  std::vector<OptionDoc> docs_;
  std::vector<std::string> resolved_;
  std::map<std::string, double, std::less<>> numbers_;
};

}  // namespace pare::compress
