// Operators: describe, run, explain.
#include <Rcpp.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

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
  input.is_matrix = Rf_isMatrix(value);
  input.rows = input.is_matrix ? Rf_nrows(value) : Rf_xlength(value);
  input.columns = input.is_matrix ? Rf_ncols(value) : 1;
  input.data = TYPEOF(value) == REALSXP ? static_cast<const void*>(REAL(value))
                                        : static_cast<const void*>(INTEGER(value));
  return input;
}

// R's own errors come back as C++ exceptions, so that nothing is left behind.
SEXP allocate_matrix(SEXPTYPE type, std::int64_t rows, std::int64_t columns) {
  if (rows > std::numeric_limits<int>::max()) {
    throw kernelops::Error(kernelops::ErrorKind::unsupported,
                           "the result would have " + std::to_string(rows) +
                               " rows; a matrix of R can have 2147483647");
  }
  return Rcpp::unwindProtect(
      [&] { return Rf_allocMatrix(type, static_cast<int>(rows), static_cast<int>(columns)); });
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
Rcpp::List cpp_describe_operator(const std::string& formula, const std::vector<std::string>& args) {
  return guard([&] {
    const kernelops::Operator& op = session().load(formula, args)->op;
    Rcpp::List arguments;
    for (const kernelops::Variable& variable : op.variables()) {
      arguments.push_back(
          Rcpp::List::create(Rcpp::_["name"] = variable.name,
                             Rcpp::_["kind"] = kernelops::category_keyword(variable.category),
                             Rcpp::_["position"] = variable.position,
                             Rcpp::_["dimension"] = static_cast<int>(variable.dimension)));
    }
    const kernelops::Expr result = op.result();
    return Rcpp::List::create(
        Rcpp::_["formula"] = kernelops::written_formula(op), Rcpp::_["arguments"] = arguments,
        Rcpp::_["result"] = Rcpp::List::create(
            Rcpp::_["index"] = kernelops::category_name(result->category),
            Rcpp::_["dimension"] = static_cast<int>(result->dimension),
            Rcpp::_["is_index"] = result->reduction->output == kernelops::StateType::index,
            Rcpp::_["reduction"] = result->reduction->name));
  });
}

// [[Rcpp::export]]
SEXP cpp_run_operator(const std::string& formula, const std::vector<std::string>& args,
                      const Rcpp::List& input, const std::string& inner_dim,
                      const Rcpp::List& settings) {
  return guard([&]() -> SEXP {
    kernelops::Invocation call =
        session().prepare(formula, args, inputs_from(input), inner_dim == "row");
    const kernelops::Settings chosen = kernelops::settings_from(settings);
    const bool integers = call.output.type == ElementType::int32;
    const Rcpp::Shield<SEXP> result(
        allocate_matrix(integers ? INTSXP : REALSXP, call.output.rows, call.output.dimension));
    call.output.data =
        integers ? static_cast<void*>(INTEGER(result)) : static_cast<void*>(REAL(result));
    session().run(call, chosen, kernelops::user_interrupted);
    return result;
  });
}

// [[Rcpp::export]]
Rcpp::List cpp_explain_operator(const std::string& formula, const std::vector<std::string>& args,
                                const Rcpp::List& settings) {
  return guard([&] {
    const kernelops::Explanation out =
        session().explain(session().load(formula, args)->op, kernelops::settings_from(settings));
    return Rcpp::List::create(Rcpp::_["formula"] = out.formula, Rcpp::_["graph"] = out.graph,
                              Rcpp::_["simplified"] = out.simplified,
                              Rcpp::_["program"] = out.program, Rcpp::_["source"] = out.source,
                              Rcpp::_["command"] = out.command);
  });
}

// [[Rcpp::export]]
Rcpp::List cpp_operator_status(const std::string& formula, const std::vector<std::string>& args,
                               const Rcpp::List& settings) {
  return guard([&] {
    const kernelops::Settings chosen = kernelops::settings_from(settings);
    const kernelops::BackendStatus status =
        session().status(session().load(formula, args)->op, chosen);
    return Rcpp::List::create(Rcpp::_["backend"] = status.backend,
                              Rcpp::_["compiled"] = status.compiled,
                              Rcpp::_["reason"] = status.reason);
  });
}
