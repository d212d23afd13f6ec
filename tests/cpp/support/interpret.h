// Runs a Program on scalars, exactly as lower/program.h says, with the compiled functions of the
// rows and without any generated text.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/lower/program.h"
#include "support/executor.h"
#include "support/formulas.h"

namespace kernelops::testing {

/// Runs the instructions of sections.
class SectionRunner {
 public:
  using Slots = std::vector<double>;
  /// Takes a value into a state: a step or an update.
  using Take = std::function<void(const Instruction& instruction, std::int64_t component, double)>;

  /// The panels a section may read; those it may not are null. `own` is the one it completes.
  struct Panels {
    const Slots* parameters = nullptr;
    const Slots* row = nullptr;
    const Slots* column = nullptr;
    Slots* own = nullptr;
  };

  void run(const Section& section, const Panels& panels, const Take& take = {}) {
    panels_ = panels;
    registers_.clear();
    local_.assign(static_cast<std::size_t>(section.local_slots), std::nullopt);
    for (const Block& block : section.blocks) {
      for (const Accumulator& each : block.accumulators) set(each.result, 0);
      for (std::int64_t k = 0; k < (block.looped ? block.extent : 1); ++k) {
        std::vector<Register> in_loop;
        for (const Instruction& each : block.code) {
          step(each, k, take);
          const bool defines = each.opcode != Opcode::accumulate && each.result >= 0;
          if (block.looped && defines) in_loop.push_back(each.result);
        }
        for (const Register each : in_loop) registers_[static_cast<std::size_t>(each)].reset();
      }
    }
  }

 private:
  void set(Register number, double value) {
    const auto place = static_cast<std::size_t>(number);
    if (registers_.size() <= place) registers_.resize(place + 1);
    if (registers_[place]) throw std::logic_error("a register is written twice");
    registers_[place] = value;
  }

  double get(Register number) const {
    const auto& place = registers_.at(static_cast<std::size_t>(number));
    if (!place) throw std::logic_error("a register is read before it is written");
    return *place;
  }

  double get_local(std::int64_t slot) const {
    const auto& place = local_.at(static_cast<std::size_t>(slot));
    if (!place) throw std::logic_error("a local slot is read before it is written");
    return *place;
  }

  const Slots& panel(Space space) const {
    const Slots* panel = space == Space::parameter ? panels_.parameters
                         : space == Space::row     ? panels_.row
                                                   : panels_.column;
    if (panel == nullptr) throw std::logic_error("a section reads a panel it does not have");
    return *panel;
  }

  void step(const Instruction& each, std::int64_t k, const Take& take) {
    const std::int64_t component = each.component.offset + each.component.step * k;
    const auto slot = static_cast<std::size_t>(component);
    switch (each.opcode) {
      case Opcode::constant:
        return set(each.result, each.value);
      case Opcode::load:
        return set(each.result, panel(each.space).at(slot));
      case Opcode::load_local:
        return set(each.result, get_local(component));
      case Opcode::apply:
        return set(each.result, applied(each));
      case Opcode::accumulate: {
        auto& place = registers_.at(static_cast<std::size_t>(each.result));
        place = place.value() + get(each.operands[0]);
        return;
      }
      case Opcode::store:
        panels_.own->at(slot) = get(each.operands[0]);
        return;
      case Opcode::store_local:
        local_.at(slot) = get(each.operands[0]);
        return;
      case Opcode::call:
        return call(each);
      case Opcode::keep:
      case Opcode::load_kept:
      case Opcode::survey:
        throw std::logic_error("an instruction of phases in a program");
      case Opcode::step:
      case Opcode::update:
        return take(each, component,
                    get(each.operands[0]) * (each.operands.size() > 1 ? get(each.operands[1]) : 1));
    }
  }

  double applied(const Instruction& each) const {
    std::vector<double> operands;
    std::vector<const double*> pointers;
    for (const Register operand : each.operands) operands.push_back(get(operand));
    for (const double& operand : operands) pointers.push_back(&operand);
    double out = 0;
    each.op->code.float64(pointers.data(), each.parameters.data(), &out, 1);
    return out;
  }

  void call(const Instruction& each) {
    std::vector<std::vector<double>> arrays;
    std::vector<const double*> pointers;
    std::vector<std::int64_t> dimensions;
    for (const SlotArray& array : each.arrays) {
      arrays.emplace_back(static_cast<std::size_t>(array.dimension));
      dimensions.push_back(array.dimension);
      if (&array == &each.arrays.back()) break;
      for (std::int64_t k = 0; k < array.dimension; ++k) {
        const std::int64_t slot = array.slot + k;
        arrays.back()[static_cast<std::size_t>(k)] =
            array.local ? get_local(slot)
                        : panel(Space::parameter).at(static_cast<std::size_t>(slot));
      }
    }
    const SlotArray& result = each.arrays.back();
    if (!result.local) throw std::logic_error("a call writes to the parameters");
    std::vector<double>& out = arrays.back();
    for (const auto& array : arrays) pointers.push_back(array.data());
    each.op->opaque.float64(pointers.data(), dimensions.data(), out.data(), result.dimension, 1);
    for (std::int64_t k = 0; k < result.dimension; ++k) {
      local_.at(static_cast<std::size_t>(result.slot + k)) = out[static_cast<std::size_t>(k)];
    }
  }

  Panels panels_;
  std::vector<std::optional<double>> registers_;
  std::vector<std::optional<double>> local_;
};

/// The states of one accumulation. A component of a weighted one has a copy of the shared state of
/// its group.
class AccumulationState {
 public:
  explicit AccumulationState(const Accumulation& accumulation) : accumulation_(accumulation) {
    State state;
    const auto add = [&](const StateComponent& component) {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      Value value{};
      if (component.type == StateType::index) {
        value.index = std::stoll(component.initial);
      } else {
        value.value = component.initial == "infinity"    ? kInfinity
                      : component.initial == "-infinity" ? -kInfinity
                                                         : std::stod(component.initial);
      }
      state.push_back(value);
    };
    const bool largest = contains(accumulation.code->name, "Largest");
    if (accumulation.ranked()) {
      const StateComponent worst{"", StateType::value, largest ? "-infinity" : "infinity"};
      for (std::int64_t k = 0; k < accumulation.rank; ++k) add(worst);
      for (std::int64_t k = 0; k < accumulation.rank; ++k) add({"", StateType::index, "-1"});
    } else {
      for (const StateComponent& each : accumulation.code->shared) add(each);
      for (const StateComponent& each : accumulation.code->state) add(each);
    }
    states_.assign(static_cast<std::size_t>(accumulation.components), state);
  }

  void take(const Instruction& instruction, std::int64_t component, double value,
            std::int64_t index) {
    if (instruction.opcode == Opcode::step) {
      if (component >= accumulation_.groups) throw std::logic_error("a step has no group");
      steps_[component] = value;
      return;
    }
    double weight = 0;
    if (accumulation_.row->weighted) {
      weight = value;
      value = steps_.at(accumulation_.groups == 1 ? 0 : component);
    }
    compiled().update(Pointers(state(component)).data(), accumulation_.rank, &value, &weight, index,
                      1);
  }

  void merge(AccumulationState& later) {
    for (std::size_t k = 0; k < states_.size(); ++k) {
      compiled().merge(Pointers(states_[k]).data(), accumulation_.rank,
                       Pointers(later.states_[k]).data(), 1);
    }
  }

  /// Component `component` of an output, which counts the K best of each component.
  double finished(const ProgramOutput& output, std::int64_t component, double rows) {
    const std::int64_t rank = accumulation_.rank;
    State copy = state(component / rank);  // finishing may reorder
    std::vector<Value> out(static_cast<std::size_t>(rank));
    // The code of a ranked reduction gives the values as 0 and the rows as 1, whichever are wanted.
    const std::size_t rows_are_second = output.type == StateType::index ? 1 : 0;
    const std::size_t number = accumulation_.ranked() ? rows_are_second : output.output;
    compiled().finish(Pointers(copy).data(), rank, number, rows, out.data(), 1);
    const Value& value = out[static_cast<std::size_t>(component % rank)];
    return output.type == StateType::index ? static_cast<double>(value.index) : value.value;
  }

 private:
  union Value {
    double value;
    std::int64_t index;
  };
  using State = std::vector<Value>;

  class Pointers {
   public:
    explicit Pointers(State& state) {
      for (Value& each : state) pointers_.push_back(&each);
    }
    void* const* data() const { return pointers_.data(); }

   private:
    std::vector<void*> pointers_;
  };

  const CompiledReduction& compiled() const { return accumulation_.code->compiled; }
  State& state(std::int64_t component) { return states_.at(static_cast<std::size_t>(component)); }

  const Accumulation& accumulation_;
  std::vector<State> states_;
  std::map<std::int64_t, double> steps_;
};

/// Row numbers, of results and of inner reductions alike, count from 0, and -1 is none.
class Interpreter {
 public:
  Interpreter(const Values& values, const Sizes& sizes) : values_(values), sizes_(sizes) {}

  /// Every output of a program of pairs.
  std::vector<Table> pairs(const Program& program) {
    complete_parameters(program);
    const std::int64_t rows = sizes_.of(program.rows);
    const std::int64_t columns = sizes_.of(opposite(program.rows));
    std::vector<Slots> packed;
    for (std::int64_t c = 0; c < columns; ++c) packed.push_back(packed_column(program, c));
    std::vector<Table> out;
    for (const ProgramOutput& output : program.outputs) {
      out.emplace_back(program.fold_rows ? 1 : rows, output.dimension);
    }
    const double reduced =
        static_cast<double>(columns) * (program.fold_rows ? static_cast<double>(rows) : 1.0);
    std::vector<AccumulationState> total = neutral(program);
    for (std::int64_t r = 0; r < rows; ++r) {
      Slots row = panel(program.row, on(program.rows, r));
      runner_.run(program.row.section, {&parameters_, &row, nullptr, &row});
      std::vector<AccumulationState> states = neutral(program);
      for (std::int64_t c = 0; c < columns; ++c) {
        const auto take = [&](const Instruction& each, std::int64_t component, double value) {
          states[static_cast<std::size_t>(each.accumulation)].take(each, component, value, c);
        };
        runner_.run(program.pair,
                    {&parameters_, &row, &packed[static_cast<std::size_t>(c)], nullptr}, take);
      }
      if (!program.fold_rows) finish(program, states, r, reduced, &out);
      for (std::size_t a = 0; a < states.size(); ++a) total[a].merge(states[a]);
    }
    if (program.fold_rows) finish(program, total, 0, reduced, &out);
    return out;
  }

  /// The formula of a program without pairs for each row; or, over a selection, its sums, which are
  /// indexed by `category`.
  Table rows(const Program& program, Category category) {
    complete_parameters(program);
    Table out(sizes_.of(category), program.result_dimension);
    const auto result_at = [&](const Position& at) {
      Slots row = panel(program.row, at);
      runner_.run(program.row.section, {&parameters_, &row, nullptr, &row});
      const auto first = row.begin() + program.result_slot;
      return Slots(first, first + program.result_dimension);
    };
    if (program.selection == nullptr) {
      for (std::int64_t r = 0; r < out.rows; ++r) {
        const Slots result = result_at(on(category, r));
        for (std::size_t k = 0; k < result.size(); ++k) {
          out.at(r, static_cast<std::int64_t>(k)) = result[k];
        }
      }
      return out;
    }
    const Table& numbers = values_.at(program.selection);
    for (std::int64_t r = 0; r < numbers.rows; ++r) {
      for (std::int64_t entry = 0; entry < numbers.dimension; ++entry) {
        if (numbers.at(r, entry) < 0) continue;
        Position at = on(program.selection->category, r);
        const auto other = static_cast<std::int64_t>(numbers.at(r, entry));
        (program.selection->category == Category::i ? at.j : at.i) = other;
        at.entry = entry;
        const Slots result = result_at(at);
        for (std::size_t k = 0; k < result.size(); ++k) {
          out.at(at.row(category), static_cast<std::int64_t>(k)) += result[k];
        }
      }
    }
    return out;
  }

 private:
  using Slots = SectionRunner::Slots;

  struct Position {
    std::int64_t i = 0;
    std::int64_t j = 0;
    std::int64_t entry = -1;

    std::int64_t row(Category category) const {
      return category == Category::i ? i : category == Category::j ? j : 0;
    }
  };

  static Position on(Category category, std::int64_t row) {
    Position at;
    if (category == Category::i) at.i = row;
    if (category == Category::j) at.j = row;
    return at;
  }

  static std::vector<AccumulationState> neutral(const Program& program) {
    std::vector<AccumulationState> out;
    for (const Accumulation& each : program.accumulations) out.emplace_back(each);
    return out;
  }

  static void finish(const Program& program, std::vector<AccumulationState>& states,
                     std::int64_t row, double rows, std::vector<Table>* out) {
    for (std::size_t n = 0; n < out->size(); ++n) {
      const ProgramOutput& output = program.outputs[n];
      for (std::int64_t k = 0; k < output.dimension; ++k) {
        (*out)[n].at(row, k) =
            states[static_cast<std::size_t>(output.accumulation)].finished(output, k, rows);
      }
    }
  }

  void complete_parameters(const Program& program) {
    parameters_ = panel(program.parameters, {});
    runner_.run(program.parameters.section, {&parameters_, nullptr, nullptr, &parameters_});
  }

  std::vector<double> input(const PanelInput& input, const Position& at) const {
    const Expr source = input.source;
    switch (source->kind) {
      case NodeKind::row_number:
        return {static_cast<double>(at.row(source->category) + 1)};
      case NodeKind::row_count:
        return {static_cast<double>(sizes_.of(source->category))};
      case NodeKind::entry_number:
        return {static_cast<double>(at.entry)};
      case NodeKind::operation:
        return picked(source, at);
      default:
        return components(source, at);
    }
  }

  std::vector<double> components(Expr source, const Position& at) const {
    const Table& table = values_.at(source);
    std::vector<double> out;
    for (std::int64_t k = 0; k < source->dimension; ++k) {
      out.push_back(table.at(at.row(source->category), k));
    }
    return out;
  }

  std::vector<double> picked(Expr node, const Position& at) const {
    const std::vector<double> from = components(node->arguments[0], at);
    const double entry = static_cast<double>(at.entry);
    const double* const arguments[] = {from.data(), &entry};
    const std::int64_t dimensions[] = {node->arguments[0]->dimension, 1, node->dimension};
    std::vector<double> out(static_cast<std::size_t>(node->dimension));
    node->op->opaque.float64(arguments, dimensions, out.data(), node->dimension, 1);
    return out;
  }

  // Inputs in their slots; the others are not yet known.
  Slots panel(const Panel& panel, const Position& at) const {
    Slots out(static_cast<std::size_t>(panel.slots), std::numeric_limits<double>::quiet_NaN());
    for (const PanelInput& each : panel.inputs) {
      const std::vector<double> values = input(each, at);
      if (static_cast<std::int64_t>(values.size()) != each.dimension) {
        throw std::logic_error("an input does not fill its slots");
      }
      for (std::size_t k = 0; k < values.size(); ++k) {
        out.at(static_cast<std::size_t>(each.slot) + k) = values[k];
      }
    }
    return out;
  }

  Slots packed_column(const Program& program, std::int64_t number) {
    Slots column = panel(program.column, on(opposite(program.rows), number));
    runner_.run(program.column.section, {&parameters_, nullptr, &column, &column});
    Slots out;
    for (const PackedRun& run : program.packed) {
      for (std::int64_t slot = run.slot; slot < run.slot + run.count; ++slot) {
        out.push_back(column.at(static_cast<std::size_t>(slot)));
      }
    }
    if (static_cast<std::int64_t>(out.size()) != program.packed_slots) {
      throw std::logic_error("the packed runs do not fill the packed slots");
    }
    return out;
  }

  const Values& values_;
  Sizes sizes_;
  Slots parameters_;
  SectionRunner runner_;
};

/// Runs programs by the interpreter, on fixed sizes.
class InterpretedRunner {
 public:
  explicit InterpretedRunner(const Sizes& sizes) : sizes_(sizes) {}

  std::vector<Table> pairs(const Program& program, const Values& values) const {
    return Interpreter(values, sizes_).pairs(program);
  }
  Table rows(const Program& program, Category category, const Values& values) const {
    return Interpreter(values, sizes_).rows(program, category);
  }

 private:
  Sizes sizes_;
};

/// The interpreter as an executor; it knows one precision, which is more than any kernel's.
inline Executor interpreting_executor() {
  Executor out;
  out.pairs = [](const Program& program, bool) {
    return [&program](const Values& values, const Sizes& sizes) {
      return Interpreter(values, sizes).pairs(program);
    };
  };
  out.rows = [](const Program& program, bool) {
    return [&program](Category category, const Values& values, const Sizes& sizes) {
      return Interpreter(values, sizes).rows(program, category);
    };
  };
  return out;
}

}  // namespace kernelops::testing
