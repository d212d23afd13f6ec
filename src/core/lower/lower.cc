#include "core/lower/lower.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/lower/section_writer.h"
#include "core/support/error.h"

namespace kernelops {

namespace {

bool is_leaf(Expr node) {
  return node->kind == NodeKind::variable || node->kind == NodeKind::reduction;
}

struct ById {
  bool operator()(Expr a, Expr b) const { return a->id < b->id; }
};
using OrderedNodes = std::set<Expr, ById>;

class Lowering {
 public:
  explicit Lowering(Expr root) : formula_(root->arguments[0]) {
    program_.root = root;
    program_.reduction = root->reduction;
    program_.dimension = formula_->dimension;
    program_.fold_rows = root->category == Category::parameter;
    program_.rows = program_.fold_rows ? Category::i : root->category;
  }

  Program run() {
    visit(formula_, Space::pair);
    for (Space space : {Space::parameter, Space::row, Space::column}) fill_panel(space);
    pack_columns();
    SectionWriter writer = writer_of(Space::pair);
    writer.contractions(computed_in(Space::pair, {formula_}));
    writer.output(formula_, Opcode::update, Space::pair, 0);
    program_.pair = writer.take();
    return std::move(program_);
  }

 private:
  Space space_of(Expr node) const {
    const Dependence rows = dependence_of(program_.rows);
    const Dependence columns = dependence_of(opposite(program_.rows));
    const bool on_rows = (node->dependence & rows) != 0;
    const bool on_columns = (node->dependence & columns) != 0;
    if (on_rows && on_columns) return Space::pair;
    return on_rows ? Space::row : on_columns ? Space::column : Space::parameter;
  }

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
      out.inputs.push_back({node, out.slots, node->dimension});
      slots_[node] = out.slots;
      out.slots += node->dimension;
    }
    for (Expr node : staged_[space]) {
      slots_[node] = out.slots;
      out.slots += node->dimension;
    }
    SectionWriter writer = writer_of(space);
    const std::vector<Expr> outputs(staged_[space].begin(), staged_[space].end());
    writer.contractions(computed_in(space, outputs));
    for (Expr node : outputs) writer.output(node, Opcode::store, space, slots_.at(node));
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
    return SectionWriter([this, section](Expr node) { return place(node, section); },
                         [this](Expr node) { return space_of(node); });
  }

  std::optional<Placement> place(Expr node, Space section) const {
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

  Expr formula_;
  Program program_{};
  std::set<std::pair<Expr, Space>> visited_;
  std::map<Space, OrderedNodes> inputs_;
  std::map<Space, OrderedNodes> staged_;
  OrderedNodes packed_;
  std::map<Expr, std::int64_t> slots_;
  std::map<Expr, std::int64_t> packed_slots_;
};

}  // namespace

Program lower(Expr reduction) {
  KERNELOPS_CHECK(reduction->kind == NodeKind::reduction);
  return Lowering(reduction).run();
}

std::vector<Expr> inner_reductions(Expr reduction) {
  std::vector<Expr> out;
  for (Expr node : topological({reduction})) {
    if (node->kind == NodeKind::reduction && node != reduction) out.push_back(node);
  }
  return out;
}

}  // namespace kernelops
