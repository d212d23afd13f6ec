#include "core/lower/section_writer.h"

#include "core/lower/lower.h"
#include "core/ops/table.h"
#include "core/support/bits.h"
#include "core/support/error.h"
#include "core/support/int_expr.h"

namespace kernelops {

namespace {

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

bool is_long_contraction(Expr node) {
  return node->kind == NodeKind::operation && node->op->kind == OpKind::contraction &&
         map_value(node, node->op->inner, 0, 0) > kUnrolled;
}

}  // namespace

Space join_spaces(Space a, Space b) {
  if (a == b || b == Space::parameter) return a;
  return a == Space::parameter ? b : Space::pair;
}

SectionWriter::SectionWriter(std::function<std::optional<Placement>(Expr)> place,
                             std::function<Space(Expr)> space_of)
    : place_(std::move(place)), space_of_(std::move(space_of)) {}

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
  bool looped = loop_.has_value() && instruction.component.step != 0;
  Space space = instruction.opcode == Opcode::load ? instruction.space : Space::parameter;
  for (Register operand : instruction.operands) {
    looped = looped || in_loop_[static_cast<std::size_t>(operand)];
    space = join_spaces(space, spaces_[static_cast<std::size_t>(operand)]);
  }
  if (instruction.opcode == Opcode::store || instruction.opcode == Opcode::update ||
      instruction.opcode == Opcode::accumulate) {
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
  if (const auto placement = place_(node)) {
    instruction.opcode = Opcode::load;
    instruction.space = placement->space;
    instruction.component = {placement->slot + component.offset, component.step};
    return emit(std::move(instruction));
  }
  return compute(node, component);
}

Register SectionWriter::compute(Expr node, Component component) {
  KERNELOPS_CHECK(node->kind == NodeKind::operation);
  if (node->op->kind == OpKind::contraction) return contraction(node);
  if (node->op->kind == OpKind::indexing) {
    const Source source = indexed(node, component);
    if (source.argument != nullptr) return value(source.argument, source.component);
    Instruction zero;
    zero.opcode = Opcode::constant;
    return emit(std::move(zero));
  }
  std::vector<Register> operands;
  for (Expr argument : node->arguments) operands.push_back(value(argument, component));
  return apply(*node->op, std::move(operands), node->parameters);
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
    // The loop was cut so that the map is affine inside it.
    source.component.step =
        map_component(node, component.offset + component.step).index - first.index;
  }
  return source;
}

Register SectionWriter::product_term(Expr node, Component inner) {
  Register product = -1;
  for (std::size_t a = 0; a < node->arguments.size(); ++a) {
    const std::string& map = node->op->index[a].index;
    Component at{map_value(node, map, 0, inner.offset), 0};
    if (inner.step != 0) at.step = map_value(node, map, 0, inner.offset + inner.step) - at.offset;
    const Register factor = value(node->arguments[a], at);
    if (a == 0) {
      product = factor;
      continue;
    }
    product = apply(operation("Mult"), {product, factor});
  }
  return product;
}

Register SectionWriter::contraction(Expr node) {
  KERNELOPS_CHECK(node->dimension == 1);
  const auto found = contracted_.find(node);
  if (found != contracted_.end()) return found->second;
  KERNELOPS_CHECK(!is_long_contraction(node));
  const std::int64_t terms = map_value(node, node->op->inner, 0, 0);
  Register sum = product_term(node, {0, 0});
  for (std::int64_t l = 1; l < terms; ++l) {
    sum = apply(operation("Add"), {sum, product_term(node, {l, 0})});
  }
  return sum;
}

void SectionWriter::contractions(const std::vector<Expr>& nodes) {
  for (Expr node : nodes) {
    if (!is_long_contraction(node)) continue;
    const std::int64_t terms = map_value(node, node->op->inner, 0, 0);
    std::set<std::int64_t> cuts = {0, terms};
    for (Expr argument : node->arguments) breakpoints(argument, 0, terms, 0, &cuts);
    Register sum = -1;
    for (auto low = cuts.begin(), high = std::next(low); high != cuts.end(); ++low, ++high) {
      const Space space = space_of_(node);
      const Register accumulator = new_register(space, false);
      loop(*low, *high,
           [&](Component inner) {
             Instruction add;
             add.opcode = Opcode::accumulate;
             add.result = accumulator;
             add.space = space;
             add.operands.push_back(product_term(node, inner));
             emit(std::move(add));
           },
           {{accumulator, space}});
      if (sum < 0) {
        sum = accumulator;
        continue;
      }
      sum = apply(operation("Add"), {sum, accumulator});
    }
    contracted_[node] = sum;
  }
}

void SectionWriter::output(Expr node, Opcode opcode, Space space, std::int64_t first) {
  const auto write = [&](Component component) {
    Instruction out;
    out.opcode = opcode;
    out.space = space;
    out.operands.push_back(value(node, component));
    out.component = {first + component.offset, component.step};
    emit(std::move(out));
  };
  if (node->dimension <= kUnrolled) {
    for (std::int64_t k = 0; k < node->dimension; ++k) write({k, 0});
    return;
  }
  std::set<std::int64_t> cuts = {0, node->dimension};
  breakpoints(node, 0, node->dimension, 0, &cuts);
  for (auto low = cuts.begin(), high = std::next(low); high != cuts.end(); ++low, ++high) {
    loop(*low, *high, write, {});
  }
}

void SectionWriter::loop(std::int64_t low, std::int64_t high,
                         const std::function<void(Component)>& body,
                         std::vector<Accumulator> accumulators) {
  straight();
  loop_.emplace();
  loop_->looped = true;
  loop_->extent = high - low;
  loop_->accumulators = std::move(accumulators);
  body({low, 1});
  section_.blocks.push_back(std::move(*loop_));
  loop_.reset();
  numbered_in_loop_.clear();
}

// Adds the positions of a loop over [low, high) at which the source of node's component
// position + offset stops being affine.
void SectionWriter::breakpoints(Expr node, std::int64_t low, std::int64_t high, std::int64_t offset,
                                std::set<std::int64_t>* out) const {
  if (node->dimension == 1 || node->kind != NodeKind::operation || place_(node)) return;
  if (node->op->kind != OpKind::indexing) {
    for (Expr argument : node->arguments) breakpoints(argument, low, high, offset, out);
    return;
  }
  for (std::int64_t begin = low; begin < high;) {
    const MappedComponent first = map_component(node, begin + offset);
    std::int64_t end = begin + 1;
    std::int64_t step = 0;
    for (; end < high; ++end) {
      const MappedComponent next = map_component(node, end + offset);
      const std::int64_t moved = next.index - first.index;
      if (end == begin + 1) step = moved;
      if (next.argument != first.argument || moved != step * (end - begin)) break;
    }
    out->insert(begin);
    if (first.argument >= 0 && step == 1) {
      breakpoints(node->arguments[static_cast<std::size_t>(first.argument)], begin, end,
                  first.index - begin, out);
    }
    begin = end;
  }
}

}  // namespace kernelops
