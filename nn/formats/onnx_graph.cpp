#include "nn/formats/onnx_graph.h"

#include <fmt/format.h>
#include <onnx.pb.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <unordered_map>

namespace pare::nn::onnx {
namespace {

constexpr std::size_t kMostProblems = 20;  // that are said; the rest is counted

template <class T>
std::vector<T> copied(const auto& repeated) {
  return {repeated.begin(), repeated.end()};
}

/// By its type, which old files leave out.
Attribute attribute(const File& file, const proto::Attribute& source) {
  switch (source.type()) {
    case 1:
      return source.f();
    case 2:
      return Index{source.i()};
    case 3:
      return source.s();
    case 4:
      return tensor(file, source.t());
    case 6:
      return copied<float>(source.floats());
    case 7:
      return copied<Index>(source.ints());
    case 8:
      return copied<std::string>(source.strings());
    default:
      break;
  }
  if (source.has_f()) return source.f();
  if (source.has_i()) return Index{source.i()};
  if (source.has_s()) return source.s();
  if (source.has_t()) return tensor(file, source.t());
  if (source.floats_size() > 0) return copied<float>(source.floats());
  if (source.ints_size() > 0) return copied<Index>(source.ints());
  if (source.strings_size() > 0) return copied<std::string>(source.strings());
  return {};
}

std::string operator_name(const proto::Node& source) {
  const bool own = source.domain().empty() || source.domain() == "ai.onnx";
  return own ? source.op_type() : source.domain() + "." + source.op_type();
}

std::string place(const proto::Node& source) {
  if (!source.name().empty()) return fmt::format("node '{}'", source.name());
  return fmt::format("the node that gives '{}'",
                     source.output().empty() ? "nothing" : source.output(0));
}

/// Without its attributes.
Node bare_node(const proto::Node& source) {
  Node node{operator_name(source),
            {},
            copied<std::string>(source.input()),
            copied<std::string>(source.output()),
            {}};
  node.place = fmt::format("{} ({})", place(source), node.op);
  return node;
}

/// Finds what an output needs.
class Cutter {
 public:
  Cutter(const File& file, Graph& graph) : file_(file), graph_(graph) {
    const proto::Graph& source = file.model->graph();
    for (const proto::Tensor& each : source.initializer()) initializers_[each.name()] = &each;
    for (const proto::SparseTensor& each : source.sparse_initializer()) {
      sparse_.insert(each.values().name());
    }
    for (const Value& each : inputs(file)) inputs_.emplace(each.name, each);
    for (const proto::Node& node : source.node()) {
      for (const std::string& output : node.output()) {
        if (!output.empty() && !producers_.emplace(output, &node).second) {
          fail("'{}' is given by two nodes", output);
        }
      }
    }
  }

  void take_all() {
    for (const proto::Node* node : ordered(graph_.output.name)) take(*node);
    take_value(graph_.output.name);
    for (const Value& input : inputs(file_)) {
      if (needed_.contains(input.name)) graph_.inputs.push_back(input);
    }
  }

 private:
  /// The nodes that a value needs, each behind those that it reads.
  std::vector<const proto::Node*> ordered(std::string_view value) const {
    struct Visit {
      const proto::Node* node;
      int next = 0;  ///< of its inputs
    };
    std::vector<Visit> open;
    std::unordered_map<const proto::Node*, bool> closed;
    const auto enter = [&](std::string_view name) {
      const auto found = producers_.find(name);
      if (found == producers_.end() || initializers_.contains(name)) return;
      const auto [state, fresh] = closed.try_emplace(found->second, false);
      if (fresh) {
        open.push_back({found->second});
      } else if (!state->second) {
        fail("{} reads what it gives itself, by way of others", place(*found->second));
      }
    };
    std::vector<const proto::Node*> order;
    enter(value);
    while (!open.empty()) {
      Visit& visit = open.back();
      if (visit.next < visit.node->input_size()) {
        enter(visit.node->input(visit.next++));
      } else {
        closed[visit.node] = true;
        order.push_back(visit.node);
        open.pop_back();
      }
    }
    return order;
  }

  void take(const proto::Node& source) {
    Node node = bare_node(source);
    bool depends = false;
    try {
      for (const std::string& name : node.inputs) {
        if (!name.empty()) depends = take_value(name) || depends;
      }
      for (const proto::Attribute& each : source.attribute()) {
        node.attributes[each.name()] = attribute(file_, each);
      }
      if (!depends) graph_.constants.insert_or_assign(node.outputs.at(0), evaluate(graph_, node));
    } catch (const std::runtime_error& error) {
      graph_.problems.add(node, error.what());
    } catch (const Reported&) {  // of what it reads
    }
    for (const std::string& name : node.outputs) {
      if (depends) depending_.insert(name);
      if (!depends) graph_.constants.try_emplace(name);
    }
    if (depends) graph_.nodes.push_back(std::move(node));
  }

  /// True if a value depends on an input.
  bool take_value(const std::string& name) {
    if (depending_.contains(name)) return true;
    if (graph_.constants.contains(name)) return false;
    if (inputs_.contains(name)) {
      needed_.insert(name);
      return true;
    }
    Tensor& constant = graph_.constants[name];  // which stays empty if this throws
    if (sparse_.contains(name)) fail("the constant '{}' is sparse; save it dense", name);
    const auto found = initializers_.find(name);
    if (found == initializers_.end()) fail("nothing gives '{}'", name);
    constant = tensor(file_, *found->second);
    return false;
  }

  const File& file_;
  Graph& graph_;
  std::unordered_map<std::string_view, const proto::Tensor*> initializers_;
  std::unordered_map<std::string_view, const proto::Node*> producers_;
  std::set<std::string_view> sparse_;
  std::map<std::string, Value, std::less<>> inputs_;
  std::set<std::string, std::less<>> depending_;
  std::set<std::string, std::less<>> needed_;
};

}  // namespace

bool has_attribute(const Node& node, std::string_view name) {
  return node.attributes.find(name) != node.attributes.end();
}

void Problems::add(const Node& node, const std::string& what) {
  const auto same = std::find_if(problems_.begin(), problems_.end(), [&](const Problem& problem) {
    return problem.op == node.op && problem.what == what;
  });
  if (same == problems_.end()) {
    problems_.push_back({node.op, node.place, what});
  } else {
    ++same->more;
  }
}

void Problems::throw_any() const {
  if (problems_.empty()) return;
  const auto line = [](const Problem& problem) {
    const std::string more =
        problem.more == 0 ? "" : fmt::format(" and {} more of these", problem.more);
    return fmt::format("{}{}: {}", problem.place, more, problem.what);
  };
  if (problems_.size() == 1) throw std::runtime_error(line(problems_.front()));
  std::string message = fmt::format("{} things in it cannot be read:", problems_.size());
  for (std::size_t i = 0; i < std::min(problems_.size(), kMostProblems); ++i) {
    message += "\n  " + line(problems_[i]);
  }
  if (problems_.size() > kMostProblems) {
    message += fmt::format("\n  and {} more", problems_.size() - kMostProblems);
  }
  throw std::runtime_error(message);
}

Graph cut(const File& file, std::string_view output) {
  const std::vector<Value> all = outputs(file);
  const auto wanted = std::find_if(all.begin(), all.end(),
                                   [&](const Value& value) { return value.name == output; });
  if (wanted == all.end()) fail("it has no output '{}'", output);
  Graph graph{file.opset, *wanted};
  Cutter(file, graph).take_all();
  return graph;
}

const Tensor* find_constant(const Graph& graph, const Node& node, std::size_t i) {
  if (i >= node.inputs.size() || node.inputs[i].empty()) return nullptr;
  const auto found = graph.constants.find(node.inputs[i]);
  if (found == graph.constants.end()) {
    fail("'{}' should be a constant, and depends on an input", node.inputs[i]);
  }
  if (found->second.type == Type::none) throw Reported{};
  return &found->second;
}

const Tensor& constant(const Graph& graph, const Node& node, std::size_t i) {
  const Tensor* found = find_constant(graph, node, i);
  if (found == nullptr) fail("its input {} is missing", i);
  return *found;
}

}  // namespace pare::nn::onnx
