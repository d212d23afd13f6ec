// Runs a Program on scalars, exactly as lower/program.h says, with the compiled functions of the
// rows and without any generated text.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/lower/program.h"
#include "support/formulas.h"

namespace kernelops::testing {

class Interpreter {
 public:
  Interpreter(const Program& program, const Values& values, const Sizes& sizes)
      : program_(program), values_(values), sizes_(sizes) {}

  Table run() {
    parameters_ = panel(program_.parameters, 0);
    execute(program_.parameters.section, &parameters_, nullptr, nullptr, {});
    const std::int64_t rows = sizes_.of(program_.rows);
    const std::int64_t columns = sizes_.of(opposite(program_.rows));
    std::vector<Slots> packed;
    for (std::int64_t c = 0; c < columns; ++c) packed.push_back(packed_column(c));
    Table out(program_.fold_rows ? 1 : rows, program_.dimension);
    States total = neutral();
    for (std::int64_t r = 0; r < rows; ++r) {
      Slots row = panel(program_.row, r);
      execute(program_.row.section, &row, &row, nullptr, {});
      States states = neutral();
      for (std::int64_t c = 0; c < columns; ++c) {
        execute(program_.pair, nullptr, &row, &packed[static_cast<std::size_t>(c)],
                [&](std::int64_t component, double value) {
                  Pointers own(states[static_cast<std::size_t>(component)]);
                  program_.reduction->update.compiled(own.data(), &value, c, 1);
                });
      }
      if (!program_.fold_rows) finish(states, r, &out);
      for (std::size_t k = 0; k < states.size(); ++k) {
        Pointers own(total[k]);
        Pointers other(states[k]);
        program_.reduction->merge.compiled(own.data(), other.data(), 1);
      }
    }
    if (program_.fold_rows) finish(total, 0, &out);
    return out;
  }

 private:
  using Slots = std::vector<double>;
  union StateValue {
    double value;
    std::int64_t index;
  };
  using State = std::vector<StateValue>;  // one for each state component
  using States = std::vector<State>;      // one for each component of the result

  class Pointers {
   public:
    explicit Pointers(State& state) {
      for (StateValue& each : state) pointers_.push_back(&each);
    }
    void* const* data() const { return pointers_.data(); }

   private:
    std::vector<void*> pointers_;
  };

  States neutral() const {
    State state;
    for (const StateComponent& each : program_.reduction->state) {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      StateValue value{};
      if (each.type == StateType::index) {
        value.index = std::stoll(each.initial);
      } else {
        value.value = each.initial == "infinity"    ? kInfinity
                      : each.initial == "-infinity" ? -kInfinity
                                                    : std::stod(each.initial);
      }
      state.push_back(value);
    }
    return States(static_cast<std::size_t>(program_.dimension), state);
  }

  void finish(States& states, std::int64_t row, Table* out) const {
    for (std::size_t k = 0; k < states.size(); ++k) {
      Pointers own(states[k]);
      StateValue result{};
      program_.reduction->finish.compiled(own.data(), &result, 1);
      out->at(row, static_cast<std::int64_t>(k)) = program_.reduction->output == StateType::index
                                                       ? static_cast<double>(result.index)
                                                       : result.value;
    }
  }

  // Inputs in their slots; the others are not yet known.
  Slots panel(const Panel& panel, std::int64_t row) const {
    Slots out(static_cast<std::size_t>(panel.slots), std::numeric_limits<double>::quiet_NaN());
    for (const PanelInput& input : panel.inputs) {
      for (std::int64_t k = 0; k < input.dimension; ++k) {
        out.at(static_cast<std::size_t>(input.slot + k)) = values_.at(input.source).at(row, k);
      }
    }
    return out;
  }

  Slots packed_column(std::int64_t number) {
    Slots column = panel(program_.column, number);
    execute(program_.column.section, &column, nullptr, &column, {});
    Slots out;
    for (const PackedRun& run : program_.packed) {
      for (std::int64_t slot = run.slot; slot < run.slot + run.count; ++slot) {
        out.push_back(column.at(static_cast<std::size_t>(slot)));
      }
    }
    if (static_cast<std::int64_t>(out.size()) != program_.packed_slots) {
      throw std::logic_error("the packed runs do not fill the packed slots");
    }
    return out;
  }

  using Update = std::function<void(std::int64_t component, double value)>;

  void execute(const Section& section, Slots* own, Slots* row, Slots* column,
               const Update& update) {
    registers_.clear();
    for (const Block& block : section.blocks) {
      for (const Accumulator& each : block.accumulators) set(each.result, 0);
      std::vector<Register> local;
      for (std::int64_t k = 0; k < (block.looped ? block.extent : 1); ++k) {
        for (const Instruction& each : block.code) {
          step(each, k, own, row, column, update);
          if (block.looped && each.opcode != Opcode::accumulate && each.result >= 0) {
            local.push_back(each.result);
          }
        }
        for (const Register each : local) registers_[static_cast<std::size_t>(each)].reset();
      }
    }
  }

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

  void step(const Instruction& each, std::int64_t k, Slots* own, Slots* row, Slots* column,
            const Update& update) {
    const std::int64_t component = each.component.offset + each.component.step * k;
    const auto slot = static_cast<std::size_t>(component);
    switch (each.opcode) {
      case Opcode::constant:
        return set(each.result, each.value);
      case Opcode::load: {
        const Slots* panel = each.space == Space::parameter ? &parameters_
                             : each.space == Space::row     ? row
                                                            : column;
        if (panel == nullptr) throw std::logic_error("a section reads a panel it does not have");
        return set(each.result, panel->at(slot));
      }
      case Opcode::apply: {
        std::vector<double> operands;
        std::vector<const double*> pointers;
        for (const Register operand : each.operands) operands.push_back(get(operand));
        for (const double& operand : operands) pointers.push_back(&operand);
        double out = 0;
        each.op->code.float64(pointers.data(), each.parameters.data(), &out, 1);
        return set(each.result, out);
      }
      case Opcode::accumulate: {
        auto& place = registers_.at(static_cast<std::size_t>(each.result));
        place = place.value() + get(each.operands[0]);
        return;
      }
      case Opcode::store:
        own->at(slot) = get(each.operands[0]);
        return;
      case Opcode::update:
        update(component, get(each.operands[0]));
        return;
    }
  }

  const Program& program_;
  const Values& values_;
  Sizes sizes_;
  Slots parameters_;
  std::vector<std::optional<double>> registers_;
};

}  // namespace kernelops::testing
