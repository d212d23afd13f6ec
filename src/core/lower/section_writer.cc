#include "core/support/small_code.h"

#include "core/lower/section_writer.h"

#include <algorithm>

#include "core/lower/lower.h"
#include "core/ops/table.h"
#include "core/support/bits.h"
#include "core/support/error.h"
#include "core/support/int_expr.h"

namespace kernelops {

namespace {

// Shorter runs of components are written out.
constexpr std::int64_t kShortestLoop = 5;
// Longer sums are loops, in which more columns meet a row at a time.
constexpr std::int64_t kMostTerms = 10;

// The value of an index map at component k of the result and inner index l.
std::int64_t map_value(Expr node, const std::string& text, std::int64_t k, std::int64_t l) {
  return evaluate_int(text, [&](std::string_view name) -> std::optional<std::int64_t> {
    if (name == "k") return k;
    if (name == "l") return l;
    return lookup_in_row(*node->op, node->arguments, node->parameters, name);
  });
}

struct MappedComponent {
  int argument = -1;  // -1: zero
  std::int64_t index = 0;
};

MappedComponent map_component(Expr node, std::int64_t k) {
  for (std::size_t a = 0; a < node->op->index.size(); ++a) {
    const IndexMap& map = node->op->index[a];
    if (map_value(node, map.where, k, 0) == 0) continue;
    return {static_cast<int>(a), map_value(node, map.index, k, 0)};
  }
  return {};
}

bool has_kind(Expr node, OpKind kind) {
  return node->kind == NodeKind::operation && node->op->kind == kind;
}

bool is_long_sum(Expr node) {
  return has_kind(node, OpKind::contraction) && node->dimension == 1 &&
         map_value(node, node->op->inner, 0, 0) > kMostTerms;
}

bool is_called(Expr node) {
  if (has_kind(node, OpKind::opaque)) return true;
  return has_kind(node, OpKind::contraction) && node->dimension > 1 &&
         std::max(node->dimension, map_value(node, node->op->inner, 0, 0)) > kUnrolled;
}

Component component_at(const Component& first, std::int64_t k) {
  return {first.offset + first.step * k, 0};
}

}  // namespace

Space join_spaces(Space a, Space b) {
  if (a == b || b == Space::parameter) return a;
  return a == Space::parameter ? b : Space::pair;
}

SectionWriter::SectionWriter(Space section, std::function<std::optional<Placement>(Expr)> place,
                             std::function<Space(Expr)> space_of)
    : written_(section), place_(std::move(place)), space_of_(std::move(space_of)) {}

Block& SectionWriter::straight() {
  if (section_.blocks.empty() || section_.blocks.back().looped) {
    section_.blocks.emplace_back();
  }
  return section_.blocks.back();
}

Register SectionWriter::new_register(Space space, bool in_loop) {
  spaces_.push_back(space);
  in_loop_.push_back(in_loop);
  return static_cast<Register>(spaces_.size()) - 1;
}

Register SectionWriter::emit(Instruction instruction) {
  const bool is_load =
      instruction.opcode == Opcode::load || instruction.opcode == Opcode::load_local;
  bool looped = loop_.has_value() && instruction.component.step != 0;
  Space space = is_load ? instruction.space : Space::parameter;
  for (Register operand : instruction.operands) {
    looped = looped || in_loop_[static_cast<std::size_t>(operand)];
    space = join_spaces(space, spaces_[static_cast<std::size_t>(operand)]);
  }
  const bool is_value =
      is_load || instruction.opcode == Opcode::constant || instruction.opcode == Opcode::apply;
  if (!is_value) {
    if (instruction.opcode == Opcode::store_local) instruction.space = space;
    (loop_ ? *loop_ : straight()).code.push_back(std::move(instruction));
    return -1;
  }
  instruction.space = space;
  ValueKey key(instruction.opcode, instruction.op, instruction.operands, instruction.parameters,
               bits_of(instruction.value), instruction.space, instruction.component.offset,
               instruction.component.step);
  auto& numbered = looped ? numbered_in_loop_ : numbered_;
  const auto found = numbered.find(key);
  if (found != numbered.end()) return found->second;
  instruction.result = new_register(space, looped);
  numbered.emplace(std::move(key), instruction.result);
  const Register result = instruction.result;
  (looped ? *loop_ : straight()).code.push_back(std::move(instruction));
  return result;
}

Register SectionWriter::value(Expr node, Component component) {
  Instruction instruction;
  if (node->kind == NodeKind::constant || node->kind == NodeKind::zero) {
    instruction.opcode = Opcode::constant;
    instruction.value = node->value;
    return emit(std::move(instruction));
  }
  if (node->dimension == 1) component = {};
  const auto local = local_.find(node);
  if (local != local_.end()) {
    instruction.opcode = Opcode::load_local;
    instruction.space = space_of_(node);
    instruction.component = {local->second + component.offset, component.step};
    return emit(std::move(instruction));
  }
  if (const auto placement = place_(node)) {
    instruction.opcode = Opcode::load;
    instruction.space = placement->space;
    instruction.component = {placement->slot + component.offset, component.step};
    return emit(std::move(instruction));
  }
  // Shared nodes are walked once: their paths may be more than anything can count.
  const ComponentKey key(node, component.offset, component.step);
  for (const auto* known : {&computed_, &computed_in_loop_}) {
    const auto found = known->find(key);
    if (found != known->end()) return found->second;
  }
  const Register result = compute(node, component);
  const bool looped = in_loop_[static_cast<std::size_t>(result)];
  (looped ? computed_in_loop_ : computed_).emplace(key, result);
  return result;
}

Register SectionWriter::compute(Expr node, Component component) {
  KERNELOPS_CHECK(node->kind == NodeKind::operation && node->op->kind != OpKind::opaque);
  if (node->op->kind == OpKind::contraction) {
    KERNELOPS_CHECK(component.step == 0);
    return contraction(node, component.offset);
  }
  if (node->op->kind == OpKind::indexing) {
    const Source source = indexed(node, component);
    if (source.argument != nullptr) return value(source.argument, source.component);
    Instruction zero;
    zero.opcode = Opcode::constant;
    return emit(std::move(zero));
  }
  std::vector<Register> operands;
  for (Expr argument : node->arguments) operands.push_back(value(argument, component));
  if (!node->op->product_of.empty() && !is_shared(operands.back())) {
    const Register factor = operands.back();
    operands.pop_back();
    const Register rest = apply(operation(node->op->product_of), std::move(operands));
    return apply(operation("Mult"), {rest, factor});
  }
  return apply(*node->op, std::move(operands), node->parameters);
}

// Whether rows that are computed side by side have the value in common.
bool SectionWriter::is_shared(Register value) const {
  const Space space = spaces_[static_cast<std::size_t>(value)];
  return space == Space::parameter || (written_ == Space::pair && space == Space::column);
}

Register SectionWriter::apply(const OpDef& op, std::vector<Register> operands,
                              std::vector<std::int64_t> parameters) {
  Instruction instruction;
  instruction.opcode = Opcode::apply;
  instruction.op = &op;
  instruction.operands = std::move(operands);
  instruction.parameters = std::move(parameters);
  return emit(std::move(instruction));
}

SectionWriter::Source SectionWriter::indexed(Expr node, Component component) const {
  const MappedComponent first = map_component(node, component.offset);
  if (first.argument < 0) return {};
  Source source{node->arguments[static_cast<std::size_t>(first.argument)], {first.index, 0}};
  if (component.step != 0) {
    // The loop visits a run in which the map is affine.
    source.component.step =
        map_component(node, component.offset + component.step).index - first.index;
  }
  return source;
}

Register SectionWriter::product_term(Expr node, std::int64_t k, Component inner) {
  Register product = -1;
  for (std::size_t a = 0; a < node->arguments.size(); ++a) {
    const std::string& map = node->op->index[a].index;
    Component at{map_value(node, map, k, inner.offset), 0};
    if (inner.step != 0) at.step = map_value(node, map, k, inner.offset + inner.step) - at.offset;
    const Register factor = value(node->arguments[a], at);
    product = a == 0 ? factor : apply(operation("Mult"), {product, factor});
  }
  return product;
}

Register SectionWriter::contraction(Expr node, std::int64_t k) {
  const auto found = summed_.find(node);
  if (found != summed_.end()) return found->second;
  const std::int64_t terms = map_value(node, node->op->inner, k, 0);
  KERNELOPS_CHECK(terms <= kUnrolled);
  Register sum = product_term(node, k, {0, 0});
  for (std::int64_t l = 1; l < terms; ++l) {
    sum = apply(operation("Add"), {sum, product_term(node, k, {l, 0})});
  }
  return sum;
}

void SectionWriter::prepare(const std::vector<Expr>& nodes) {
  for (Expr node : nodes) {
    if (is_long_sum(node)) long_sum(node);
    if (is_called(node)) call(node);
  }
}

// The arguments of a long sum have index maps that are the identity in l.
void SectionWriter::long_sum(Expr node) {
  const std::int64_t terms = map_value(node, node->op->inner, 0, 0);
  Register sum = -1;
  const auto add = [&](Register term) {
    sum = sum < 0 ? term : apply(operation("Add"), {sum, term});
  };
  for (const Run& run : runs(node->arguments, terms)) {
    if (run.count < kShortestLoop) {
      for (std::int64_t l = 0; l < run.count; ++l) {
        add(product_term(node, 0, component_at(run.first, l)));
      }
      continue;
    }
    const Space space = space_of_(node);
    const Register accumulator = new_register(space, false);
    loop(run,
         [&](Component inner) {
           Instruction accumulate;
           accumulate.opcode = Opcode::accumulate;
           accumulate.result = accumulator;
           accumulate.space = space;
           accumulate.operands.push_back(product_term(node, 0, inner));
           emit(std::move(accumulate));
         },
         {{accumulator, space}});
    add(accumulator);
  }
  summed_[node] = sum;
}

void SectionWriter::call(Expr node) {
  KERNELOPS_CHECK(!node->op->opaque.text.empty());
  Instruction call;
  call.opcode = Opcode::call;
  call.op = node->op;
  call.space = space_of_(node);
  for (Expr argument : node->arguments) call.arrays.push_back(array_of(argument));
  const std::int64_t slot = new_local(node->dimension);
  call.arrays.push_back({true, slot, node->dimension});
  emit(std::move(call));
  local_[node] = slot;
}

// Parameters lie in memory as a vector does; other vectors are copied to local slots.
SlotArray SectionWriter::array_of(Expr node) {
  const auto found = local_.find(node);
  if (found != local_.end()) return {true, found->second, node->dimension};
  const auto placement = place_(node);
  if (placement && placement->space == Space::parameter) {
    return {false, placement->slot, node->dimension};
  }
  const std::int64_t slot = new_local(node->dimension);
  for_components({node}, node->dimension, kUnrolled, [&](Component component) {
    Instruction store;
    store.opcode = Opcode::store_local;
    store.operands.push_back(value(node, component));
    store.component = {slot + component.offset, component.step};
    emit(std::move(store));
  });
  // What does not depend on the pair may be wanted before the loop over columns.
  if (!placement && space_of_(node) == Space::pair) local_[node] = slot;
  return {true, slot, node->dimension};
}

std::int64_t SectionWriter::new_local(std::int64_t slots) {
  const std::int64_t first = section_.local_slots;
  section_.local_slots += slots;
  return first;
}

void SectionWriter::output(Expr node, Space space, std::int64_t first) {
  for_components({node}, node->dimension, kUnrolled, [&](Component component) {
    Instruction store;
    store.opcode = Opcode::store;
    store.space = space;
    store.operands.push_back(value(node, component));
    store.component = {first + component.offset, component.step};
    emit(std::move(store));
  });
}

void SectionWriter::reduce(int number, const Accumulation& accumulation) {
  const auto write = [&](Opcode opcode, Expr node, Component component) {
    Instruction update;
    update.opcode = opcode;
    update.accumulation = number;
    update.operands.push_back(value(node, component));
    update.component = component;
    emit(std::move(update));
  };
  const Expr formula = accumulation.root->arguments[0];
  if (!accumulation.row->weighted) {
    for_components({formula}, accumulation.components, kUnrolledStates,
                   [&](Component component) { write(Opcode::update, formula, component); });
    return;
  }
  const Expr weight = accumulation.root->arguments[1];
  const bool one_group = accumulation.groups == 1;
  if (one_group) write(Opcode::step, formula, {});
  for_components({formula, weight}, accumulation.components, kUnrolledStates,
                 [&](Component component) {
                   if (!one_group) write(Opcode::step, formula, component);
                   write(Opcode::update, weight, component);
                 });
}

void SectionWriter::for_components(const std::vector<Expr>& nodes, std::int64_t dimension,
                                   std::int64_t unrolled,
                                   const std::function<void(Component)>& body) {
  if (dimension <= unrolled) {
    for (std::int64_t k = 0; k < dimension; ++k) body({k, 0});
    return;
  }
  for_runs(runs(nodes, dimension), body);
}

void SectionWriter::for_runs(const Runs& runs, const std::function<void(Component)>& body) {
  for (const Run& run : runs) {
    if (run.count >= kShortestLoop) {
      loop(run, body, {});
      continue;
    }
    for (std::int64_t k = 0; k < run.count; ++k) body(component_at(run.first, k));
  }
}

void SectionWriter::loop(const Run& run, const std::function<void(Component)>& body,
                         std::vector<Accumulator> accumulators) {
  straight();
  loop_.emplace();
  loop_->looped = true;
  loop_->extent = run.count;
  loop_->accumulators = std::move(accumulators);
  body(run.first);
  section_.blocks.push_back(std::move(*loop_));
  loop_.reset();
  numbered_in_loop_.clear();
  computed_in_loop_.clear();
}

bool SectionWriter::is_placed(Expr node) const {
  return node->kind != NodeKind::operation || local_.count(node) > 0 || place_(node).has_value();
}

// For how many steps, at most `most`, the components first.offset + first.step * k of a node come
// from components that are affine in k.
std::int64_t SectionWriter::affine_length(Expr node, Component first, std::int64_t most) const {
  if (node->dimension == 1 || is_placed(node)) return most;
  if (node->op->kind == OpKind::contraction) return 1;
  if (node->op->kind != OpKind::indexing) {
    for (Expr argument : node->arguments) most = affine_length(argument, first, most);
    return most;
  }
  const MappedComponent begin = map_component(node, first.offset);
  std::int64_t step = 0;
  std::int64_t length = 1;
  for (; length < most; ++length) {
    const MappedComponent next = map_component(node, first.offset + first.step * length);
    if (length == 1) step = next.index - begin.index;
    if (next.argument != begin.argument || next.index - begin.index != step * length) break;
  }
  if (begin.argument < 0 || length == 1) return length;
  return affine_length(node->arguments[static_cast<std::size_t>(begin.argument)],
                       {begin.index, step}, length);
}

SectionWriter::Runs SectionWriter::runs_with_step(const std::vector<Expr>& nodes, std::int64_t high,
                                                  std::int64_t step) const {
  Runs out;
  for (std::int64_t residue = 0; residue < step; ++residue) {
    for (std::int64_t at = residue; at < high;) {
      std::int64_t length = (high - at + step - 1) / step;
      for (Expr node : nodes) length = affine_length(node, {at, step}, length);
      out.push_back({{at, step}, length});
      at += length * step;
    }
  }
  return out;
}

// Runs that cover [0, high): of every component, or, as the halves of complex numbers need it, of
// every other one.
SectionWriter::Runs SectionWriter::runs(const std::vector<Expr>& nodes, std::int64_t high) const {
  Runs whole = runs_with_step(nodes, high, 1);
  if (whole.size() <= 2) return whole;
  Runs halves = runs_with_step(nodes, high, 2);
  return halves.size() < whole.size() ? halves : whole;
}

}  // namespace kernelops
