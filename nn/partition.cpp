#include "nn/partition.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace pare::nn {
namespace {

/// Samples by their group, each group in the order of the samples.
std::vector<std::vector<Index>> gather_groups(Index samples, const std::vector<Index>& groups) {
  const Index count =
      groups.empty() ? samples : 1 + *std::max_element(groups.begin(), groups.end());
  std::vector<std::vector<Index>> members(static_cast<std::size_t>(count));
  for (Index i = 0; i < samples; ++i) {
    const Index group = groups.empty() ? i : groups[static_cast<std::size_t>(i)];
    members[static_cast<std::size_t>(group)].push_back(i);
  }
  std::erase_if(members, [](const auto& group) { return group.empty(); });
  return members;
}

/// The classes that a group has samples of.
std::set<Index> labels_of(const std::vector<Index>& group, const std::vector<Index>& classes) {
  std::set<Index> labels;
  for (const Index i : group) {
    labels.insert(classes.empty() ? 0 : classes[static_cast<std::size_t>(i)]);
  }
  return labels;
}

/// Of each class, how many of the groups `places` have a sample of it.
std::vector<Index> count_groups(const std::vector<std::vector<Index>>& groups,
                                const std::vector<Index>& places,
                                const std::vector<Index>& classes) {
  std::vector<Index> counts;
  for (const Index place : places) {
    for (const Index label : labels_of(groups[static_cast<std::size_t>(place)], classes)) {
      if (label >= static_cast<Index>(counts.size())) {
        counts.resize(static_cast<std::size_t>(label) + 1);
      }
      ++counts[static_cast<std::size_t>(label)];
    }
  }
  return counts;
}

/// Whether another group is left of each class that `group` has.
bool leaves_all(const std::vector<Index>& group, const std::vector<Index>& remaining,
                const std::vector<Index>& classes) {
  const std::set<Index> labels = labels_of(group, classes);
  return std::all_of(labels.begin(), labels.end(),
                     [&](Index label) { return remaining[static_cast<std::size_t>(label)] > 1; });
}

/// How many samples of each class a part still lacks.
class Lack {
 public:
  Lack(Index samples, const std::vector<Index>& classes, double share) : classes_(classes) {
    for (Index i = 0; i < samples; ++i) {
      const std::size_t label = label_of(i);
      if (label >= missing_.size()) missing_.resize(label + 1);
      missing_[label] += share;
    }
    counts_.resize(missing_.size());
    has_.resize(missing_.size());
  }

  /// Whether the part comes nearer to what it should be with `group`.
  bool helps(const std::vector<Index>& group) {
    for (const Index i : group) counts_[label_of(i)] += 1;
    double growth = 0;
    for (const Index i : group) {
      double& count = counts_[label_of(i)];  // of its class, until that has been looked at
      const double missing = missing_[label_of(i)];
      growth += std::abs(missing - count) - std::abs(missing);
      count = 0;
    }
    return growth < 0;
  }

  void take(const std::vector<Index>& group) {
    for (const Index i : group) {
      missing_[label_of(i)] -= 1;
      has_[label_of(i)] = true;
    }
  }

  /// Whether `group` has a sample of a class of which the part has none.
  bool has_news(const std::vector<Index>& group) const {
    return std::any_of(group.begin(), group.end(), [&](Index i) { return !has_[label_of(i)]; });
  }

 private:
  std::size_t label_of(Index sample) const {
    return classes_.empty() ? 0
                            : static_cast<std::size_t>(classes_[static_cast<std::size_t>(sample)]);
  }

  const std::vector<Index>& classes_;
  std::vector<double> missing_;
  std::vector<double> counts_;
  std::vector<bool> has_;
};

}  // namespace

std::vector<Index> choose_part(Index samples, const Strata& strata, double share, Random random) {
  const std::vector<std::vector<Index>> groups = gather_groups(samples, strata.groups);
  if (groups.size() < 2) {
    throw std::invalid_argument("all samples are of one group, which cannot be split");
  }
  Lack lack(samples, strata.classes, share);
  const std::vector<Index> order = random.permutation(static_cast<Index>(groups.size()));
  std::vector<Index> part;
  std::size_t taken = 0;
  const auto take = [&](Index place) {
    const std::vector<Index>& group = groups[static_cast<std::size_t>(place)];
    lack.take(group);
    part.insert(part.end(), group.begin(), group.end());
    ++taken;
  };
  const auto group_at = [&](Index place) -> const std::vector<Index>& {
    return groups[static_cast<std::size_t>(place)];
  };
  std::vector<Index> left;
  for (const Index place : order) {
    if (taken + 1 < groups.size() && lack.helps(group_at(place))) {
      take(place);
    } else {
      left.push_back(place);
    }
  }
  // Of a class of few and large groups none may have helped: one is taken where another one stays.
  std::vector<Index> remaining = count_groups(groups, left, strata.classes);
  for (const Index place : left) {
    if (!lack.has_news(group_at(place)) ||
        !leaves_all(group_at(place), remaining, strata.classes)) {
      continue;
    }
    take(place);
    for (const Index label : labels_of(group_at(place), strata.classes)) {
      --remaining[static_cast<std::size_t>(label)];
    }
  }
  if (part.empty()) take(order.front());
  std::sort(part.begin(), part.end());
  return part;
}

std::vector<Index> rest_of(Index count, const std::vector<Index>& part) {
  std::vector<Index> rest;
  rest.reserve(static_cast<std::size_t>(count) - part.size());
  auto next = part.begin();
  for (Index i = 0; i < count; ++i) {
    if (next != part.end() && *next == i) {
      ++next;
    } else {
      rest.push_back(i);
    }
  }
  return rest;
}

}  // namespace pare::nn
