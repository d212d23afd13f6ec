// The tables of operations and reductions, and the words in which their rows are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ir/op_def.h"
#include "core/ir/reduction_def.h"

namespace kernelops {

/// Every operation, in the order of the documentation. The rows live as long as the process.
const std::vector<OpDef>& operations();

/// Every reduction.
const std::vector<ReductionDef>& reductions();

/// The row of that name, or null; a reduction also by a synonym.
const OpDef* find_operation(std::string_view name);
const ReductionDef* find_reduction(std::string_view name);

/// The row of that name, which must exist: for the engine's own use.
const OpDef& operation(std::string_view name);
const ReductionDef& reduction(std::string_view name);

/// Another way of writing: `name` called with that many arguments means `formula`, over x, y, z, w.
struct Synonym {
  std::string name;
  std::size_t arguments;
  std::string formula;
  std::string documentation;
};

/// Every such way of writing.
const std::vector<Synonym>& synonyms();

/// The domain of argument `position` of a row.
const Domain& domain_of(const OpDef& row, std::size_t position);

/// Parts of the table, one for each file of rows.
std::vector<OpDef> arithmetic_rows();
std::vector<OpDef> comparison_rows();
std::vector<OpDef> function_rows();
std::vector<OpDef> special_rows();
std::vector<OpDef> vector_rows();
std::vector<OpDef> norm_rows();
std::vector<OpDef> component_rows();
std::vector<OpDef> matrix_rows();
std::vector<OpDef> complex_rows();
std::vector<OpDef> spline_rows();
std::vector<OpDef> differential_rows();
std::vector<ReductionDef> reduction_rows();

/// Writes a row word by word: `op("Exp").code(...).gradient({...})...`.
class OpRow {
 public:
  explicit OpRow(std::string name) { def_.name = std::move(name); }
  operator OpDef() && { return std::move(def_); }

  OpRow&& arguments(int count) && {
    def_.arguments = count;
    return std::move(*this);
  }
  OpRow&& parameters(std::vector<std::string> names) && {
    def_.parameters = std::move(names);
    return std::move(*this);
  }
  /// The dimension rule, an integer expression over dim(x), dim(y), ... and parameters.
  OpRow&& dimension(std::string rule) && {
    def_.dimension = std::move(rule);
    return std::move(*this);
  }
  OpRow&& require(std::string condition, std::string message) && {
    def_.requirements.emplace_back(std::move(condition), std::move(message));
    return std::move(*this);
  }
  /// Makes the row elementwise.
  OpRow&& code(ElementwiseCode code) && {
    def_.kind = OpKind::elementwise;
    def_.code = std::move(code);
    return std::move(*this);
  }
  /// Makes the row a contraction over `inner` terms of the product of mapped arguments.
  OpRow&& contraction(std::string inner, std::vector<IndexMap> maps) && {
    def_.kind = OpKind::contraction;
    def_.inner = std::move(inner);
    def_.index = std::move(maps);
    return std::move(*this);
  }
  /// Of a contraction with a result of several components: code for what is too long to be written
  /// out.
  OpRow&& on_arrays(OpaqueCode code) && {
    def_.opaque = std::move(code);
    return std::move(*this);
  }
  /// Makes the row an indexing.
  OpRow&& indexing(std::vector<IndexMap> maps) && {
    def_.kind = OpKind::indexing;
    def_.index = std::move(maps);
    return std::move(*this);
  }
  /// Makes the row opaque.
  OpRow&& opaque(OpaqueCode code) && {
    def_.kind = OpKind::opaque;
    def_.opaque = std::move(code);
    return std::move(*this);
  }
  /// Makes the row a composite, defined by a formula.
  OpRow&& definition(std::string formula) && {
    def_.kind = OpKind::composite;
    def_.definition = std::move(formula);
    return std::move(*this);
  }
  /// Makes the row a composite whose formula depends on dimensions or parameters; `summary` tells
  /// readers what it is.
  OpRow&& define(std::string summary, std::function<std::string(const DefinitionInput&)> write) && {
    def_.kind = OpKind::composite;
    def_.definition = std::move(summary);
    def_.define = std::move(write);
    return std::move(*this);
  }
  /// Makes the row a derivative.
  OpRow&& differential() && {
    def_.kind = OpKind::differential;
    return std::move(*this);
  }
  /// A derivative that is indexed like what is differentiated.
  OpRow&& forward() && {
    def_.forward = true;
    return std::move(*this);
  }
  /// The engine may hand over the value that belongs to an entry of a selection.
  OpRow&& picks() && {
    def_.picks = true;
    return std::move(*this);
  }
  OpRow&& gradient(std::vector<std::string> contributions) && {
    def_.gradient = std::move(contributions);
    return std::move(*this);
  }
  OpRow&& commutative() && {
    def_.commutative = true;
    return std::move(*this);
  }
  OpRow&& infix(std::string symbol, int precedence) && {
    def_.infix = {std::move(symbol), precedence};
    return std::move(*this);
  }
  OpRow&& r(std::string reference) && {
    def_.reference = std::move(reference);
    return std::move(*this);
  }
  /// The domain of all arguments, or of each one.
  OpRow&& domain(double low, double high, Shape shape = Shape::real) && {
    def_.domains = {{low, high, shape}};
    return std::move(*this);
  }
  OpRow&& domains(std::vector<Domain> each) && {
    def_.domains = std::move(each);
    return std::move(*this);
  }
  OpRow&& product_of(std::string operation) && {
    def_.product_of = std::move(operation);
    return std::move(*this);
  }
  OpRow&& flushes() && {
    def_.flushes = true;
    return std::move(*this);
  }
  /// Users cannot write the operation.
  OpRow&& internal() && {
    def_.internal = true;
    return std::move(*this);
  }
  OpRow&& sample(std::vector<std::int64_t> dimensions, std::vector<std::int64_t> values = {}) && {
    def_.sample = {std::move(dimensions), std::move(values)};
    return std::move(*this);
  }
  OpRow&& doc(std::string text, std::string mathematics) && {
    def_.documentation = std::move(text);
    def_.mathematics = std::move(mathematics);
    return std::move(*this);
  }

 private:
  OpDef def_;
};

inline OpRow op(std::string name) { return OpRow(std::move(name)); }

}  // namespace kernelops
