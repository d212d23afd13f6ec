// Operators: describe, run, explain.
#include <Rcpp.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/api/formula_dimension.h"
#include "core/api/session.h"
#include "guard.h"
#include "settings.h"

using kernelops::ElementType;
using kernelops::guard;
using kernelops::Input;
using kernelops::session;

namespace {

Input input_from(SEXP value, const std::string& name) {
  Input input;
  input.name = name;
  input.type = Rf_isObject(value)
                   ? Rcpp::as<std::string>(Rf_asChar(Rf_getAttrib(value, R_ClassSymbol)))
                   : Rf_type2char(TYPEOF(value));
  input.is_numeric = TYPEOF(value) == REALSXP || (TYPEOF(value) == INTSXP && !Rf_isFactor(value));
  if (!input.is_numeric) return input;
  input.element = TYPEOF(value) == REALSXP ? ElementType::float64 : ElementType::int32;
  // An array rows x K x dimension, as reductions that keep the K best return it, lies in memory as
  // the matrix of its rows does.
  const SEXP dimensions = Rf_getAttrib(value, R_DimSymbol);
  input.is_matrix = !Rf_isNull(dimensions) && Rf_length(dimensions) >= 2;
  input.rows = input.is_matrix ? INTEGER(dimensions)[0] : Rf_xlength(value);
  for (int d = 1; input.is_matrix && d < Rf_length(dimensions); ++d) {
    input.columns *= INTEGER(dimensions)[d];
  }
  input.data = TYPEOF(value) == REALSXP ? static_cast<const void*>(REAL(value))
                                        : static_cast<const void*>(INTEGER(value));
  return input;
}

// The dimensions of an array of R: rows x dimension, or rows x K x dimension.
std::vector<int> array_dimensions(std::int64_t rows, const kernelops::ResultArray& array,
                                  bool ranked) {
  std::vector<std::int64_t> wanted = {rows};
  if (ranked) wanted.push_back(array.rank);
  if (!ranked || array.dimension > 1) wanted.push_back(array.dimension);
  std::vector<int> out;
  for (const std::int64_t extent : wanted) {
    if (extent > std::numeric_limits<int>::max()) {
      throw kernelops::Error(kernelops::ErrorKind::unsupported,
                             "the result would have " + std::to_string(extent) +
                                 " rows; an array of R can have 2147483647");
    }
    out.push_back(static_cast<int>(extent));
  }
  return out;
}

// R's own errors come back as C++ exceptions, so that nothing is left behind.
SEXP allocate_array(SEXPTYPE type, const std::vector<int>& dimensions) {
  return Rcpp::unwindProtect([&] {
    if (dimensions.size() == 2) return Rf_allocMatrix(type, dimensions[0], dimensions[1]);
    return Rf_alloc3DArray(type, dimensions[0], dimensions[1], dimensions[2]);
  });
}

// An operator's formulas are a character vector, with names where there are several.
kernelops::OperatorText text_from(const Rcpp::CharacterVector& formulas,
                                  const std::vector<std::string>& args,
                                  const std::string& sum_scheme) {
  kernelops::OperatorText text;
  text.formulas = Rcpp::as<std::vector<std::string>>(formulas);
  text.names.resize(text.formulas.size());
  if (formulas.hasAttribute("names")) {
    text.names = Rcpp::as<std::vector<std::string>>(formulas.names());
  }
  text.arguments = args;
  text.scheme = sum_scheme == "direct_sum"     ? kernelops::SumScheme::direct
                : sum_scheme == "kahan_scheme" ? kernelops::SumScheme::compensated
                                               : kernelops::SumScheme::block;
  return text;
}

// The arrays that belong to formula `number`, from `arrays`, as one value of R.
SEXP result_of(const kernelops::Operator& op, std::size_t number, const Rcpp::List& arrays) {
  Rcpp::List out;
  for (std::size_t a = 0; a < op.arrays().size(); ++a) {
    if (op.arrays()[a].formula != number) continue;
    out.push_back(arrays[static_cast<R_xlen_t>(a)], op.arrays()[a].name);
  }
  return out.size() == 1 ? static_cast<SEXP>(out[0]) : static_cast<SEXP>(out);
}

// What the result of a formula looks like.
Rcpp::List describe_result(const kernelops::Operator& op, std::size_t number) {
  const kernelops::Expr result = op.results()[number];
  const bool reduces = result->kind == kernelops::NodeKind::reduction;
  Rcpp::List outputs;
  for (const kernelops::ResultArray& array : op.arrays()) {
    if (array.formula != number) continue;
    outputs.push_back(
        Rcpp::List::create(Rcpp::_["dimension"] = static_cast<double>(array.dimension),
                           Rcpp::_["rank"] = static_cast<double>(array.rank),
                           Rcpp::_["is_index"] = array.type == kernelops::StateType::index,
                           Rcpp::_["is_logical"] = array.logical),
        array.name);
  }
  return Rcpp::List::create(
      Rcpp::_["index"] = kernelops::category_name(op.categories()[number]),
      Rcpp::_["dimension"] = static_cast<int>(op.written()[number]->dimension),
      Rcpp::_["is_index"] = reduces && result->reduction->is_index(),
      Rcpp::_["ranked"] = reduces && result->reduction->ranked,
      Rcpp::_["reduction"] = reduces ? result->reduction->name : "Formula of reductions",
      Rcpp::_["outputs"] = outputs);
}

std::vector<Input> inputs_from(const Rcpp::List& list) {
  const SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  std::vector<Input> inputs;
  for (R_xlen_t k = 0; k < list.size(); ++k) {
    const std::string name = Rf_isNull(names) ? "" : CHAR(STRING_ELT(names, k));
    inputs.push_back(input_from(list[k], name));
  }
  return inputs;
}

}  // namespace

// [[Rcpp::export]]
Rcpp::List cpp_describe_operator(const Rcpp::CharacterVector& formula,
                                 const std::vector<std::string>& args) {
  return guard([&] {
    const kernelops::Operator& op = session().load(text_from(formula, args, "auto"))->op;
    Rcpp::List arguments;
    for (const kernelops::Variable& variable : op.variables()) {
      arguments.push_back(
          Rcpp::List::create(Rcpp::_["name"] = variable.name,
                             Rcpp::_["kind"] = kernelops::category_keyword(variable.category),
                             Rcpp::_["position"] = variable.position,
                             Rcpp::_["dimension"] = static_cast<int>(variable.dimension)));
    }
    Rcpp::List results;
    for (std::size_t f = 0; f < op.results().size(); ++f) results.push_back(describe_result(op, f));
    return Rcpp::List::create(Rcpp::_["formula"] = kernelops::written_formulas(op),
                              Rcpp::_["arguments"] = arguments, Rcpp::_["result"] = results[0],
                              Rcpp::_["results"] = results);
  });
}

// [[Rcpp::export]]
double cpp_formula_dimension(const std::string& formula, const std::vector<std::string>& args) {
  return guard([&] { return static_cast<double>(kernelops::formula_dimension(formula, args)); });
}

// [[Rcpp::export]]
SEXP cpp_run_operator(const Rcpp::CharacterVector& formula, const std::vector<std::string>& args,
                      const Rcpp::List& input, const std::string& inner_dim,
                      const Rcpp::List& settings, const std::string& sum_scheme = "auto") {
  return guard([&]() -> SEXP {
    kernelops::Invocation call = session().prepare(text_from(formula, args, sum_scheme),
                                                   inputs_from(input), inner_dim == "row");
    const kernelops::Settings chosen = kernelops::settings_from(settings);
    const kernelops::Operator& op = call.loaded->op;
    Rcpp::List arrays(static_cast<R_xlen_t>(call.outputs.size()));
    for (std::size_t a = 0; a < call.outputs.size(); ++a) {
      kernelops::OutputView& output = call.outputs[a];
      const kernelops::ResultArray& array = op.arrays()[a];
      const kernelops::Expr result = op.results()[array.formula];
      const bool ranked =
          result->kind == kernelops::NodeKind::reduction && result->reduction->ranked;
      const bool integers = output.type == ElementType::int32;
      const Rcpp::Shield<SEXP> values(allocate_array(integers ? INTSXP : REALSXP,
                                                     array_dimensions(output.rows, array, ranked)));
      output.data =
          integers ? static_cast<void*>(INTEGER(values)) : static_cast<void*>(REAL(values));
      arrays[static_cast<R_xlen_t>(a)] = values;
    }
    session().run(call, chosen, kernelops::user_interrupted);
    for (std::size_t a = 0; a < call.outputs.size(); ++a) {
      if (!op.arrays()[a].logical) continue;
      const auto place = static_cast<R_xlen_t>(a);
      arrays[place] = Rcpp::as<Rcpp::LogicalMatrix>(arrays[place]);
    }
    if (op.results().size() == 1) return result_of(op, 0, arrays);
    Rcpp::List results;
    for (std::size_t f = 0; f < op.results().size(); ++f) {
      results.push_back(result_of(op, f, arrays));
    }
    results.names() = formula.names();
    return results;
  });
}

// [[Rcpp::export]]
Rcpp::List cpp_explain_operator(const Rcpp::CharacterVector& formula,
                                const std::vector<std::string>& args, const Rcpp::List& settings,
                                const std::string& sum_scheme = "auto") {
  return guard([&] {
    const kernelops::Explanation out =
        session().explain(session().load(text_from(formula, args, sum_scheme))->op,
                          kernelops::settings_from(settings));
    return Rcpp::List::create(Rcpp::_["formula"] = out.formulas, Rcpp::_["graph"] = out.graph,
                              Rcpp::_["simplified"] = out.simplified,
                              Rcpp::_["program"] = out.program, Rcpp::_["source"] = out.source,
                              Rcpp::_["command"] = out.command);
  });
}

// [[Rcpp::export]]
Rcpp::List cpp_operator_status(const Rcpp::CharacterVector& formula,
                               const std::vector<std::string>& args, const Rcpp::List& settings,
                               const std::string& sum_scheme = "auto") {
  return guard([&] {
    const kernelops::Settings chosen = kernelops::settings_from(settings);
    const kernelops::BackendStatus status =
        session().status(session().load(text_from(formula, args, sum_scheme))->op, chosen);
    return Rcpp::List::create(Rcpp::_["backend"] = status.backend,
                              Rcpp::_["compiled"] = status.compiled,
                              Rcpp::_["reason"] = status.reason);
  });
}
