#include "core/support/small_code.h"

#include "core/lower/cost.h"

namespace kernelops {

namespace {

const char* const kExponential = "exponential";

// Rows whose name would not tell readers what they cost.
const std::map<std::string, std::string>& common_names() {
  static const std::map<std::string, std::string> names = {{"Exp", kExponential},
                                                           {"Exp2", kExponential},
                                                           {"Exp2Times", kExponential},
                                                           {"Expm1", kExponential},
                                                           {"Log", "logarithm"},
                                                           {"Log1p", "logarithm"},
                                                           {"Sqrt", "square root"},
                                                           {"Rsqrt", "square root"},
                                                           {"Cbrt", "cube root"},
                                                           {"Sin", "sine"},
                                                           {"Cos", "cosine"},
                                                           {"Divide", "division"},
                                                           {"Inv", "division"},
                                                           {"DivideOrZero", "division"},
                                                           {"Pow", "power"},
                                                           {"Powf", "power"}};
  return names;
}

// Rows that take about as long as an addition.
bool is_plain(const OpDef& op) {
  return op.topic == "Arithmetic" || op.topic == "Comparisons and choices";
}

void add_operation(const OpDef& op, double times, PairCost& cost) {
  const auto known = common_names().find(op.name);
  if (known != common_names().end()) {
    cost.functions[known->second] += times;
    if (!op.product_of.empty()) cost.operations += times;
  } else if (is_plain(op)) {
    cost.operations += times;
  } else {
    cost.functions[op.name] += times;
  }
}

// A state takes in a value.
void add_update(const Accumulation& each, bool shared, double times, PairCost& cost) {
  // A sum of exponentials: the weight is one, and what it weighs a product.
  if (each.code->surveyed) {
    if (shared || each.groups == 0) cost.functions[kExponential] += times;
    cost.operations += (shared || each.groups == 0 ? 1 : 2) * times;
    return;
  }
  const std::size_t components = shared ? each.code->shared.size() : each.code->state.size();
  cost.operations += (each.ranked() ? 1 : static_cast<double>(components)) * times;
}

}  // namespace

void add_pair_cost(const Program& program, PairCost& cost) {
  for (const Block& block : program.pair.blocks) {
    const auto times = static_cast<double>(block.extent);
    for (const Instruction& each : block.code) {
      switch (each.opcode) {
        case Opcode::apply:
          add_operation(*each.op, times, cost);
          break;
        case Opcode::accumulate:
          cost.operations += times;
          break;
        case Opcode::call:
          for (const SlotArray& array : each.arrays) {
            cost.operations += times * static_cast<double>(array.dimension);
          }
          break;
        case Opcode::step:
        case Opcode::update:
          add_update(program.accumulations[static_cast<std::size_t>(each.accumulation)],
                     each.opcode == Opcode::step, times, cost);
          break;
        default:
          break;
      }
    }
  }
}

double instruction_count(const Program& program) {
  const Section& section = program.has_pairs() ? program.pair : program.row.section;
  double count = 1;
  for (const Block& block : section.blocks) {
    count += static_cast<double>(block.extent) * static_cast<double>(block.code.size());
  }
  return count;
}

}  // namespace kernelops
