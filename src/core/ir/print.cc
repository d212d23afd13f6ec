#include "core/ir/print.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/support/strings.h"

namespace kernelops {

namespace {

constexpr int kUnaryMinusPrecedence = 4;
constexpr int kAtomPrecedence = 9;

struct Printed {
  std::string text;
  int precedence;
};

std::string bracketed(const Printed& printed, int weakest) {
  return printed.precedence < weakest ? "(" + printed.text + ")" : printed.text;
}

// "Red_Reduction(F, W, K, 0)", without what the reduction does not have.
std::string reduction_text(Expr node, const std::vector<Printed>& parts) {
  std::vector<std::string> texts;
  for (const Printed& part : parts) texts.push_back(part.text);
  for (const std::int64_t parameter : node->parameters) texts.push_back(std::to_string(parameter));
  texts.push_back(std::to_string(static_cast<int>(node->category)));
  return node->reduction->name + "_Reduction(" + join(texts, ", ") + ")";
}

// `parts` are the printed arguments.
Printed print_node(Expr node, const std::vector<Printed>& parts) {
  switch (node->kind) {
    case NodeKind::variable:
      return {node->variable.name, kAtomPrecedence};
    case NodeKind::constant:
      return {number_text(node->value),
              std::signbit(node->value) ? kUnaryMinusPrecedence : kAtomPrecedence};
    case NodeKind::zero:
      return {"Zero(" + std::to_string(node->dimension) + ")", kAtomPrecedence};
    case NodeKind::row_number:
      return {node->category == Category::i ? "IndexI()" : "IndexJ()", kAtomPrecedence};
    case NodeKind::row_count:
      return {node->category == Category::i ? "CountI()" : "CountJ()", kAtomPrecedence};
    case NodeKind::entry_number:
      return {"Entry()", kAtomPrecedence};
    case NodeKind::reduction:
      return {reduction_text(node, parts), kAtomPrecedence};
    case NodeKind::operation:
      break;
  }
  const Infix& infix = node->op->infix;
  if (!infix.symbol.empty() && parts.size() == 2) {
    // Left associative: the right side needs brackets at equal strength. Comparisons, which are
    // the weakest, do not associate.
    return {bracketed(parts[0], std::max(infix.precedence, 1)) + " " + infix.symbol + " " +
                bracketed(parts[1], infix.precedence + 1),
            infix.precedence};
  }
  // A constant keeps its brackets: "-(2)" is an operation, "-2" is a number.
  if (!infix.symbol.empty() && node->arguments[0]->kind != NodeKind::constant) {
    return {infix.symbol + bracketed(parts[0], infix.precedence), infix.precedence};
  }
  std::vector<std::string> texts;
  for (const Printed& part : parts) texts.push_back(part.text);
  for (const std::string& parameter : parameter_texts(*node->op, node->parameters))
    texts.push_back(parameter);
  return {node->op->name + "(" + join(texts, ", ") + ")", kAtomPrecedence};
}

std::string dependence_text(Dependence dependence) {
  const bool i = (dependence & kDependsOnI) != 0;
  const bool j = (dependence & kDependsOnJ) != 0;
  if (i && j) return "pair";
  if (i) return "i";
  if (j) return "j";
  return (dependence & kDependsOnParameter) != 0 ? "parameter" : "constant";
}

}  // namespace

std::vector<std::string> parameter_texts(const OpDef& op,
                                         const std::vector<std::int64_t>& parameters) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (const std::string& parameter : op.parameters) {
    if (!is_list_parameter(parameter)) {
      out.push_back(std::to_string(parameters[at++]));
      continue;
    }
    std::vector<std::string> elements;
    for (std::int64_t left = parameters[at++]; left > 0; --left) {
      elements.push_back(std::to_string(parameters[at++]));
    }
    out.push_back("[" + join(elements, ", ") + "]");
  }
  return out;
}

std::string print_formula(Expr node) {
  std::map<Expr, Printed> printed;
  for (Expr each : topological({node})) {
    std::vector<Printed> parts;
    for (Expr argument : each->arguments) parts.push_back(printed.at(argument));
    printed.emplace(each, print_node(each, parts));
  }
  return printed.at(node).text;
}

double formula_length(Expr node) {
  constexpr double kOfOneNode = 8;
  std::map<Expr, double> lengths;
  for (Expr each : topological({node})) {
    double length = kOfOneNode;
    for (Expr argument : each->arguments) length += lengths.at(argument);
    lengths.emplace(each, length);
  }
  return lengths.at(node);
}

std::string print_graph(const std::vector<Expr>& roots) {
  std::map<Expr, std::string> names;
  std::string out;
  for (Expr node : topological(roots)) {
    if (node->kind == NodeKind::variable || node->kind == NodeKind::constant) {
      names[node] = print_formula(node);
      continue;
    }
    std::vector<Printed> parts;
    for (Expr argument : node->arguments) parts.push_back({names.at(argument), kAtomPrecedence});
    const std::string name = "%" + std::to_string(names.size());
    names[node] = name;
    out += name + " = " + print_node(node, parts).text + "  [" + dependence_text(node->dependence) +
           ", dimension " + std::to_string(node->dimension) + "]\n";
  }
  for (Expr root : roots) out += "result " + names.at(root) + "\n";
  return out;
}

}  // namespace kernelops
