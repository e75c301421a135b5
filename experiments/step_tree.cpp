#include "experiments/step_tree.h"

#include <algorithm>

namespace pare::experiments {
namespace {

/// The node for `step` after `parent`: one that is there, or a new one.
std::size_t child(std::vector<StepNode>& nodes, std::size_t parent, const compress::Step& step) {
  for (const std::size_t there : nodes[parent].children) {
    const compress::Step& other = *nodes[there].step;
    if (other.name == step.name && other.resolved == step.resolved) return there;
  }
  StepNode node;
  node.step = &step;
  node.parent = parent;
  node.epochs = step.epochs;
  nodes[parent].children.push_back(nodes.size());
  nodes.push_back(std::move(node));
  return nodes.size() - 1;
}

}  // namespace

std::vector<StepNode> step_tree(const std::vector<Variant>& variants, double base_epochs) {
  std::vector<StepNode> nodes(1);
  nodes[0].epochs = base_epochs;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    std::size_t at = 0;
    for (const compress::Step& step : variants[i].steps) at = child(nodes, at, step);
    nodes[at].variants.push_back(i);
  }
  for (std::size_t i = nodes.size(); i-- > 0;) {
    nodes[i].work += nodes[i].epochs;
    double& parent = nodes[nodes[i].parent].work;
    if (i > 0) parent = std::max(parent, nodes[i].work);
  }
  return nodes;
}

}  // namespace pare::experiments
