#pragma once

#include <regex.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace pare::nn {

/// A regular expression over paths whose groups have names: (?<label>...). POSIX extended syntax,
/// and \d, \w, \s and (?:...) besides; the longest of the leftmost matches counts.
class NamePattern {
 public:
  /// Throws std::runtime_error that says what is wrong with it.
  explicit NamePattern(const std::string& pattern);

  bool has(const std::string& name) const { return groups_.contains(name); }

  /// What the group called `name` matches in `text`, empty if there is no such group; nothing if
  /// the pattern does not match.
  std::optional<std::string> find(const std::string& text, const std::string& name) const;

 private:
  struct Free {
    void operator()(regex_t* expression) const {
      regfree(expression);
      delete expression;
    }
  };
  std::unique_ptr<regex_t, Free> expression_;
  std::map<std::string, std::size_t> groups_;
};

}  // namespace pare::nn
