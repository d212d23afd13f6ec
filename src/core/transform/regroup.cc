#include "core/support/small_code.h"

#include "core/transform/regroup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "core/ops/table.h"
#include "core/support/error.h"

namespace kernelops {

namespace {

constexpr double kLog2OfE = 1.4426950408889634;

// constant < parameter < i, j < pair.
enum Stage { kParameterStage, kIStage, kJStage, kPairStage, kStages };

Stage stage_of(Expr node) {
  const bool i = (node->dependence & kDependsOnI) != 0;
  const bool j = (node->dependence & kDependsOnJ) != 0;
  if (i && j) return kPairStage;
  return i ? kIStage : j ? kJStage : kParameterStage;
}

// The stage of what a reduction's columns hold: the other side than the one that indexes it.
Stage column_stage(Expr reduction) {
  return reduction->category == Category::j ? kIStage : kJStage;
}

struct Factors {
  double constant = 1;
  std::vector<Expr> others;
  Expr power = nullptr;  // one of the others: a power of 2 of each pair that nothing else needs
};

class Regrouper {
 public:
  explicit Regrouper(Graph& graph) : graph_(graph) {}

  std::vector<Expr> run(const std::vector<Expr>& roots) {
    const std::vector<Expr> nodes = topological(roots);
    for (Expr node : nodes) {
      for (Expr argument : node->arguments) ++uses_[argument];
    }
    // A result that is a part of another one is needed whole too.
    for (Expr root : roots) ++uses_[root];
    for (Expr node : nodes) {
      if (node->kind == NodeKind::reduction) is_column_[column_stage(node)] = true;
    }
    for (Expr node : nodes) done_[node] = visit(node);
    std::vector<Expr> out;
    for (Expr root : roots) out.push_back(done_.at(root));
    return out;
  }

 private:
  Expr visit(Expr node) {
    if (node->kind != NodeKind::operation && node->kind != NodeKind::reduction) return node;
    if (is_product(node)) {
      Factors factors;
      collect(node, true, &factors);
      return product(factors);
    }
    if (node->op == &operation("Exp") && stage_of(node) == kPairStage &&
        is_product(node->arguments[0])) {
      Factors factors;
      factors.constant = kLog2OfE;
      collect(node->arguments[0], true, &factors);
      return graph_.apply(operation("Exp2"), {product(factors)});
    }
    std::vector<Expr> arguments;
    for (Expr argument : node->arguments) arguments.push_back(done_.at(argument));
    return with_arguments(graph_, node, std::move(arguments));
  }

  bool is_product(Expr node) const {
    if (node->kind != NodeKind::operation) return false;
    return node->op == &operation("Mult") || node->op == &operation("Minus") ||
           is_quotient_by_inverse(node);
  }

  // A quotient of two scalars of the pairs stays exact where it can be.
  bool is_quotient_by_inverse(Expr node) const {
    if (node->op != &operation("Divide") || stage_of(node) != kPairStage) return false;
    const Expr numerator = node->arguments[0];
    const Expr denominator = node->arguments[1];
    return stage_of(numerator) != kPairStage || stage_of(denominator) != kPairStage ||
           numerator->dimension > denominator->dimension;
  }

  // A product that is used elsewhere too stays whole: taking it apart would compute it twice.
  void collect(Expr node, bool top, Factors* out) {
    if (node->kind == NodeKind::constant && std::isnormal(out->constant * node->value)) {
      out->constant *= node->value;
    } else if (!is_product(node) || (!top && uses_.at(node) > 1)) {
      const Expr done = done_.at(node);
      if (done->op == &operation("Exp2") && done->dimension == 1 && uses_.at(node) == 1 &&
          stage_of(done) == kPairStage) {
        add_power(done, out);
      } else {
        out->others.push_back(done);
      }
    } else if (node->op == &operation("Minus")) {
      out->constant = -out->constant;
      collect(node->arguments[0], false, out);
    } else if (node->op == &operation("Mult")) {
      for (Expr argument : node->arguments) collect(argument, false, out);
    } else {
      collect(node->arguments[0], false, out);
      out->others.push_back(graph_.apply(operation("Inv"), {done_.at(node->arguments[1])}));
    }
  }

  // A product of powers is the power of the sum: one exponential instead of two.
  void add_power(Expr power, Factors* out) {
    auto& others = out->others;
    if (out->power != nullptr) {
      others.erase(std::find(others.begin(), others.end(), out->power));
      const Expr sum =
          graph_.apply(operation("Add"), {out->power->arguments[0], power->arguments[0]});
      power = graph_.apply(operation("Exp2"), {sum});
    }
    out->power = power;
    others.push_back(power);
  }

  Expr multiply(Expr a, Expr b) {
    if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
    return graph_.apply(operation("Mult"), {a, b});
  }

  // The product of a list of factors by stage, what is cheaper joined with what is next; a power of
  // 2 takes in what is there before the pairs.
  Expr product_by_stage(const std::vector<Expr>& factors, Expr first, Expr power) {
    std::array<Expr, kStages> by_stage{};
    by_stage[kParameterStage] = first;
    for (Expr factor : factors) {
      if (factor == power) continue;
      Expr& place = by_stage[stage_of(factor)];
      place = multiply(place, factor);
    }
    // Constants and parameters ride on one side for nothing, if there is one.
    Expr& side = by_stage[kIStage] != nullptr ? by_stage[kIStage] : by_stage[kJStage];
    if (side != nullptr && by_stage[kParameterStage] != nullptr) {
      side = multiply(by_stage[kParameterStage], side);
      by_stage[kParameterStage] = nullptr;
    }
    if (power != nullptr) {
      Expr& place = by_stage[kPairStage];
      place = multiply(place, with_shared_factor(power, &by_stage));
    }
    Expr out = nullptr;
    for (Expr part : by_stage) out = multiply(out, part);
    return out;
  }

  // The power times a factor that all rows share, removed from its place: see exp2_times.
  Expr with_shared_factor(Expr power, std::array<Expr, kStages>* by_stage) {
    for (Stage stage : {kIStage, kJStage, kParameterStage}) {
      Expr& factor = (*by_stage)[stage];
      if (factor == nullptr || (stage != kParameterStage && !is_column_[stage])) continue;
      return graph_.apply(operation("Exp2Times"),
                          {power->arguments[0], std::exchange(factor, nullptr)});
    }
    return power;
  }

  Expr product(const Factors& factors) {
    std::vector<Expr> scalars;
    std::vector<Expr> vectors;
    bool all_pairs = true;
    for (Expr factor : factors.others) {
      (factor->dimension == 1 ? scalars : vectors).push_back(factor);
      all_pairs = all_pairs && stage_of(factor) == kPairStage;
    }
    // A sign alone is free in most places; a factor -1 would not be.
    const bool only_sign = factors.constant == -1 && all_pairs && !factors.others.empty();
    const bool has_constant = factors.constant != 1 && !only_sign;
    Expr scalar = product_by_stage(
        scalars,
        has_constant || factors.others.empty() ? graph_.constant(factors.constant) : nullptr,
        factors.power);
    Expr out = multiply(scalar, product_by_stage(vectors, nullptr, nullptr));
    KERNELOPS_CHECK(out != nullptr);
    return only_sign ? graph_.apply(operation("Minus"), {out}) : out;
  }

  Graph& graph_;
  std::map<Expr, int> uses_;
  std::array<bool, kStages> is_column_{};  // whether some reduction runs over this side
  std::map<Expr, Expr> done_;
};

}  // namespace

std::vector<Expr> regroup(Graph& graph, const std::vector<Expr>& roots) {
  return Regrouper(graph).run(roots);
}

Expr regroup(Graph& graph, Expr root) { return regroup(graph, std::vector<Expr>{root})[0]; }

}  // namespace kernelops
