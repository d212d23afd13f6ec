#include "core/support/small_code.h"

#include "core/lower/lower.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/lower/row_factors.h"
#include "core/lower/section_writer.h"
#include "core/support/error.h"

namespace kernelops {

namespace {

using OrderedNodes = std::set<Expr, ById>;

class Lowering {
 public:
  // A program of pairs.
  Lowering(const std::vector<Expr>& reductions, SumScheme scheme, bool transposed) {
    const Category category = reductions.front()->category;
    program_.fold_rows = category == Category::parameter;
    program_.transposed = transposed && !program_.fold_rows;
    const Category rows = program_.fold_rows ? Category::i : category;
    program_.rows = transposed ? opposite(rows) : rows;
    program_.scheme = scheme;
    for (Expr root : reductions) {
      KERNELOPS_CHECK(root->kind == NodeKind::reduction && root->category == category);
      add_accumulation(root);
    }
  }

  // A program of rows.
  Lowering(Expr formula, Category rows, Expr selection) : only_rows_(true) {
    program_.rows = rows;
    program_.selection = selection;
    program_.result_dimension = formula->dimension;
    formulas_ = {formula};
  }

  Program run() {
    if (only_rows_) {
      visit(formulas_[0], Space::row);
    } else {
      for (Expr formula : formulas_) visit(formula, Space::pair);
    }
    for (Space space : {Space::parameter, Space::row, Space::column}) fill_panel(space);
    if (only_rows_) return std::move(program_);
    pack_columns();
    SectionWriter writer = writer_of(Space::pair);
    writer.prepare(computed_in(Space::pair, formulas_));
    for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
      writer.reduce(static_cast<int>(a), program_.accumulations[a]);
    }
    program_.pair = writer.take();
    move_row_factors(&program_);
    return std::move(program_);
  }

 private:
  void add_accumulation(Expr root) {
    const ReductionDef& row = *root->reduction;
    KERNELOPS_CHECK(!row.selects);
    const bool compensated =
        program_.scheme == SumScheme::compensated && !row.compensated.name.empty();
    Accumulation out;
    out.root = root;
    out.row = &row;
    out.code = compensated ? &row.compensated : &row.code;
    out.groups = row.weighted ? root->arguments[0]->dimension : 0;
    out.components = reduced_dimension(root);
    out.rank = rank_of(root);
    out.first_slot = program_.state_slots();
    const int number = static_cast<int>(program_.accumulations.size());
    program_.accumulations.push_back(out);
    for (std::size_t k = 0; k < row.outputs.size(); ++k) {
      program_.outputs.push_back(
          {number, k, program_.result_slots(), output_dimension(root, k), row.outputs[k].type});
    }
    for (Expr argument : root->arguments) formulas_.push_back(argument);
  }

  Space space_of(Expr node) const {
    const bool on_i = (node->dependence & kDependsOnI) != 0;
    const bool on_j = (node->dependence & kDependsOnJ) != 0;
    if (only_rows_) return on_i || on_j ? Space::row : Space::parameter;
    if (on_i && on_j) return Space::pair;
    if (!on_i && !on_j) return Space::parameter;
    return on_i == (program_.rows == Category::i) ? Space::row : Space::column;
  }

  // The value of a selection's entry among those of its row is given, like an input.
  bool is_picked(Expr node) const {
    return program_.selection != nullptr && node->kind == NodeKind::operation && node->op->picks &&
           is_stored(node->arguments[0]) && node->arguments[1]->kind == NodeKind::entry_number;
  }

  static bool is_stored(Expr node) {
    return node->kind == NodeKind::variable || node->kind == NodeKind::reduction;
  }

  bool is_leaf(Expr node) const { return node->kind != NodeKind::operation || is_picked(node); }

  // Notes what `consumer` must find in the panels to compute `node`.
  void visit(Expr node, Space consumer) {
    if (node->kind == NodeKind::constant || node->kind == NodeKind::zero) return;
    if (!visited_.insert({node, consumer}).second) return;
    const Space space = space_of(node);
    if (is_leaf(node)) {
      inputs_[space].insert(node);
      if (consumer == Space::pair && space == Space::column) packed_.insert(node);
      return;
    }
    // Indexing costs nothing where it is used, and storing a repeated value would cost memory.
    const bool staged = space != consumer && node->op->kind != OpKind::indexing;
    if (staged) {
      staged_[space].insert(node);
      if (consumer == Space::pair && space == Space::column) packed_.insert(node);
    }
    for (Expr argument : node->arguments) visit(argument, staged ? space : consumer);
  }

  Panel& panel(Space space) {
    return space == Space::parameter ? program_.parameters
           : space == Space::row     ? program_.row
                                     : program_.column;
  }

  void fill_panel(Space space) {
    Panel& out = panel(space);
    for (Expr node : inputs_[space]) {
      out.inputs.push_back({node, out.slots, node->dimension, is_picked(node)});
      slots_[node] = out.slots;
      out.slots += node->dimension;
    }
    for (Expr node : staged_[space]) {
      slots_[node] = out.slots;
      out.slots += node->dimension;
    }
    std::vector<Expr> outputs(staged_[space].begin(), staged_[space].end());
    SectionWriter writer = writer_of(space);
    const bool has_result = only_rows_ && space == Space::row;
    if (has_result) outputs.push_back(formulas_[0]);
    writer.prepare(computed_in(space, outputs));
    for (Expr node : staged_[space]) writer.output(node, space, slots_.at(node));
    if (has_result) {
      program_.result_slot = out.slots;
      out.slots += program_.result_dimension;
      writer.output(formulas_[0], space, program_.result_slot);
    }
    out.section = writer.take();
  }

  void pack_columns() {
    std::vector<Expr> nodes(packed_.begin(), packed_.end());
    std::sort(nodes.begin(), nodes.end(),
              [this](Expr a, Expr b) { return slots_.at(a) < slots_.at(b); });
    for (Expr node : nodes) {
      const std::int64_t slot = slots_.at(node);
      packed_slots_[node] = program_.packed_slots;
      program_.packed_slots += node->dimension;
      if (!program_.packed.empty() &&
          program_.packed.back().slot + program_.packed.back().count == slot) {
        program_.packed.back().count += node->dimension;
      } else {
        program_.packed.push_back({slot, node->dimension});
      }
    }
  }

  SectionWriter writer_of(Space section) const {
    return SectionWriter(
        section, [this, section](Expr node) { return place(node, section); },
        [this](Expr node) { return space_of(node); });
  }

  std::optional<Placement> place(Expr node, Space section) const {
    if (node->kind == NodeKind::constant || node->kind == NodeKind::zero) return std::nullopt;
    const Space space = space_of(node);
    const auto staged = staged_.find(space);
    const bool stored = is_leaf(node) || (space != section && staged != staged_.end() &&
                                          staged->second.count(node) > 0);
    if (!stored) return std::nullopt;
    if (section == Space::pair && space == Space::column) {
      return Placement{space, packed_slots_.at(node)};
    }
    return Placement{space, slots_.at(node)};
  }

  // The nodes that a section computes itself on the way to `outputs`, arguments first.
  std::vector<Expr> computed_in(Space section, const std::vector<Expr>& outputs) const {
    OrderedNodes seen;
    std::vector<Expr> pending = outputs;
    while (!pending.empty()) {
      const Expr node = pending.back();
      pending.pop_back();
      if (place(node, section) || !seen.insert(node).second) continue;
      pending.insert(pending.end(), node->arguments.begin(), node->arguments.end());
    }
    return {seen.begin(), seen.end()};
  }

  bool only_rows_ = false;
  std::vector<Expr> formulas_;
  Program program_{};
  std::set<std::pair<Expr, Space>> visited_;
  std::map<Space, OrderedNodes> inputs_;
  std::map<Space, OrderedNodes> staged_;
  OrderedNodes packed_;
  std::map<Expr, std::int64_t> slots_;
  std::map<Expr, std::int64_t> packed_slots_;
};

}  // namespace

Program lower(const std::vector<Expr>& reductions, SumScheme scheme, bool transposed) {
  KERNELOPS_CHECK(!reductions.empty());
  return Lowering(reductions, scheme, transposed).run();
}

Program lower_rows(Expr formula, Category category) {
  return Lowering(formula, category, nullptr).run();
}

Program lower_selection(Expr reduction) {
  KERNELOPS_CHECK(reduction->kind == NodeKind::reduction && reduction->reduction->selects);
  const Expr selection = reduction->arguments[1];
  return Lowering(reduction->arguments[0], selection->category, selection).run();
}

std::vector<Expr> inner_reductions(Expr node) {
  std::vector<Expr> out;
  for (Expr each : topological({node})) {
    if (each->kind == NodeKind::reduction && each != node) out.push_back(each);
  }
  return out;
}

}  // namespace kernelops
