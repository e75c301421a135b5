#include "nn/name_pattern.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace pare::nn {
namespace {

/// What stands for a class such as \d between brackets; nothing of another character.
std::string_view class_of(char escaped) {
  switch (escaped) {
    case 'd':
      return "0-9";
    case 'w':
      return "a-zA-Z0-9_";
    case 's':
      return " \t\n";
    default:
      return {};
  }
}

/// A pattern in POSIX extended syntax, and the names of its groups by their numbers.
class Translation {
 public:
  explicit Translation(const std::string& pattern) : pattern_(pattern) {
    while (at_ < pattern_.size()) step();
  }

  std::string text;
  std::map<std::string, std::size_t> groups;

 private:
  void step() {
    const char c = pattern_[at_];
    if (c == '\\' && at_ + 1 < pattern_.size()) return escaped();
    if (c == '(' && !brackets_) return open();
    const char next = at_ + 1 < pattern_.size() ? pattern_[at_ + 1] : '\0';
    if (!brackets_ && next == '?' && (c == '*' || c == '+' || c == '?')) {
      throw std::runtime_error(
          fmt::format("{}? takes as little as it can elsewhere, and is not known here; say which "
                      "characters may follow, such as [^_]+",
                      c));
    }
    if (c == '[' && !brackets_) {
      brackets_ = true;
      // A ] that comes first is one of the characters.
      const std::size_t first = at_ + (next == '^' ? 2U : 1U);
      if (first < pattern_.size() && pattern_[first] == ']') {
        text += pattern_.substr(at_, first + 1 - at_);
        at_ = first + 1;
        return;
      }
    } else if (c == ']') {
      brackets_ = false;
    }
    text += c;
    ++at_;
  }

  void escaped() {
    const char c = pattern_[at_ + 1];
    const std::string_view stands_for = class_of(c);
    if (c == 'D' || c == 'W' || c == 'S' || c == 'b') {
      throw std::runtime_error(fmt::format("\\{} is not known here; \\d, \\w and \\s are", c));
    }
    if (!stands_for.empty()) {
      text += brackets_ ? std::string(stands_for) : '[' + std::string(stands_for) + ']';
    } else if (brackets_) {
      text += c;  // where a backslash is itself
    } else {
      text += {'\\', c};
    }
    at_ += 2;
  }

  /// (...), (?:...) or (?<name>...).
  void open() {
    ++count_;
    text += '(';
    if (pattern_.compare(at_, 3, "(?:") == 0) {
      at_ += 3;
    } else if (pattern_.compare(at_, 2, "(?") == 0 && pattern_.compare(at_, 3, "(?<") != 0) {
      throw std::runtime_error(
          fmt::format("{} is not known here; groups are (...), (?:...) and "
                      "(?<name>...)",
                      pattern_.substr(at_, 3)));
    } else if (pattern_.compare(at_, 3, "(?<") == 0) {
      const std::size_t close = pattern_.find('>', at_);
      if (close == pattern_.npos) throw std::runtime_error("a (?< in it has no >");
      groups[pattern_.substr(at_ + 3, close - at_ - 3)] = count_;
      at_ = close + 1;
    } else {
      ++at_;
    }
  }

  const std::string& pattern_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  bool brackets_ = false;
};

}  // namespace

NamePattern::NamePattern(const std::string& pattern) : expression_(new regex_t{}) {
  Translation translated(pattern);
  const int error = regcomp(expression_.get(), translated.text.c_str(), REG_EXTENDED);
  if (error != 0) {
    std::array<char, 128> message{};
    regerror(error, expression_.get(), message.data(), message.size());
    throw std::runtime_error(message.data());
  }
  groups_ = std::move(translated.groups);
}

std::optional<std::string> NamePattern::find(const std::string& text,
                                             const std::string& name) const {
  std::vector<regmatch_t> matches(expression_->re_nsub + 1);
  if (regexec(expression_.get(), text.c_str(), matches.size(), matches.data(), 0) != 0) {
    return std::nullopt;
  }
  const auto group = groups_.find(name);
  if (group == groups_.end() || matches[group->second].rm_so < 0) return std::string();
  const regmatch_t& match = matches[group->second];
  return text.substr(static_cast<std::size_t>(match.rm_so),
                     static_cast<std::size_t>(match.rm_eo - match.rm_so));
}

}  // namespace pare::nn
