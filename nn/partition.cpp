#include "nn/partition.h"

#include <algorithm>
#include <cmath>
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
    for (const Index i : group) missing_[label_of(i)] -= 1;
  }

 private:
  std::size_t label_of(Index sample) const {
    return classes_.empty() ? 0
                            : static_cast<std::size_t>(classes_[static_cast<std::size_t>(sample)]);
  }

  const std::vector<Index>& classes_;
  std::vector<double> missing_;
  std::vector<double> counts_;
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
  for (const Index place : order) {
    if (taken + 1 == groups.size()) break;
    if (lack.helps(groups[static_cast<std::size_t>(place)])) take(place);
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
