// Operators: describe, run, explain.
#include <Rcpp.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/formula_dimension.h"
#include "core/api/session.h"
#include "gpu_matrix.h"
#include "guard.h"
#include "settings.h"

using kernelops::ElementType;
using kernelops::guard;
using kernelops::Input;
using kernelops::session;

namespace {

// Classes whose numbers are codes or counts of something, and what their users may have meant.
struct CodedClass {
  const char* name;
  const char* hint;
};
constexpr CodedClass kCodedClasses[] = {
    {"factor", "as.integer(x) takes the codes of the levels, model.matrix(~ x) their indicators"},
    {"Date", "as.numeric(x) takes the days since 1970-01-01"},
    {"POSIXct", "as.numeric(x) takes the seconds since 1970-01-01"},
    {"difftime", "as.numeric(x, units = \"secs\") takes the seconds"},
    {"integer64", "as.numeric(x) converts it"}};

std::string hint_for(SEXP value) {
  switch (TYPEOF(value)) {
    case STRSXP:
      return "as.numeric(x) reads numbers, as.integer(factor(x)) numbers the different texts";
    case CPLXSXP:
      return "formulas have the real and the imaginary part side by side: cbind(Re(x), Im(x))";
    case NILSXP:
      return "every variable needs an input";
    default:
      return "as.matrix(x) may convert it";
  }
}

Input device_input_from(SEXP matrix, const std::string& name) {
  Input input;
  input.name = name;
  input.type = "double";
  input.is_numeric = true;
  input.is_matrix = true;
  input.device_array = kernelops::device_array_of(matrix);
  input.rows = input.device_array->rows;
  input.columns = input.device_array->columns;
  return input;
}

Input input_from(SEXP value, const std::string& name) {
  if (Rf_inherits(value, "keops_gpu_matrix")) return device_input_from(value, name);
  Input input;
  input.name = name;
  input.type = Rf_type2char(TYPEOF(value));
  // A logical matrix holds 0, 1 and missing integers.
  input.is_numeric = TYPEOF(value) == REALSXP || TYPEOF(value) == INTSXP || TYPEOF(value) == LGLSXP;
  if (!input.is_numeric) input.hint = hint_for(value);
  if (Rf_isObject(value)) {
    input.type = Rcpp::as<std::string>(Rf_asChar(Rf_getAttrib(value, R_ClassSymbol)));
    for (const CodedClass& coded : kCodedClasses) {
      if (!Rf_inherits(value, coded.name)) continue;
      input.is_numeric = false;
      input.type = coded.name;
      input.hint = coded.hint;
    }
  }
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
  input.data = TYPEOF(value) == REALSXP  ? static_cast<const void*>(REAL(value))
               : TYPEOF(value) == INTSXP ? static_cast<const void*>(INTEGER(value))
                                         : static_cast<const void*>(LOGICAL(value));
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

// A data frame of numbers as a matrix.
SEXP matrix_from(SEXP frame, const std::string& argument) {
  const Rcpp::Function convert = Rcpp::Environment::namespace_env("kernelops")["as_numbers"];
  const Rcpp::RObject converted = convert(frame);
  if (TYPEOF(converted) != STRSXP) return converted;
  const auto wrong = Rcpp::as<std::vector<std::string>>(converted);
  throw kernelops::Error(
      kernelops::ErrorKind::argument,
      "input `" + argument + "` must have numbers in all columns; column `" + wrong[0] +
          "` is of type " + wrong[1] +
          "\n  hint: leave the column out, or make numbers of it with model.matrix()",
      {{"argument", argument}, {"column", wrong[0]}, {"actual", wrong[1]}});
}

// The inputs, data frames as matrices.
struct ListedInputs {
  Rcpp::List values;
  std::vector<Input> inputs;
};

ListedInputs inputs_from(const Rcpp::List& list,
                         const std::vector<kernelops::Variable>& variables) {
  ListedInputs out;
  out.values = list;
  const SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  bool copied = false;
  for (R_xlen_t k = 0; k < list.size(); ++k) {
    std::string name = Rf_isNull(names) ? "" : CHAR(STRING_ELT(names, k));
    if (Rf_inherits(list[k], "data.frame")) {
      if (!copied) out.values = Rcpp::unwindProtect([&] { return Rf_shallow_duplicate(list); });
      copied = true;
      const auto place = static_cast<std::size_t>(k);
      out.values[k] = matrix_from(
          list[k], name.empty() && place < variables.size() ? variables[place].name : name);
    }
    out.inputs.push_back(input_from(out.values[k], name));
  }
  return out;
}

// The names of the rows of an input, of its columns if `transposed`, or NULL.
SEXP row_names(SEXP value, bool transposed) {
  // A matrix on a GPU is a list that ends with the names of its dimensions.
  const bool on_gpu = Rf_inherits(value, "keops_gpu_matrix");
  const SEXP names =
      on_gpu ? VECTOR_ELT(value, Rf_length(value) - 1) : Rf_getAttrib(value, R_DimNamesSymbol);
  if (!Rf_isNull(names)) return VECTOR_ELT(names, transposed && Rf_length(names) > 1 ? 1 : 0);
  // The names of a vector.
  const bool is_vector = !on_gpu && Rf_isNull(Rf_getAttrib(value, R_DimSymbol));
  return is_vector ? Rf_getAttrib(value, R_NamesSymbol) : R_NilValue;
}

// What the rows of results indexed by `category` are called: as those of the first input that has
// names.
SEXP result_names(const kernelops::Invocation& call, const Rcpp::List& values,
                  kernelops::Category category, bool transposed) {
  if (category == kernelops::Category::parameter) return R_NilValue;
  const std::vector<kernelops::Variable>& variables = call.loaded->op.variables();
  for (std::size_t k = 0; k < variables.size(); ++k) {
    if (variables[k].category != category) continue;
    const SEXP names = row_names(values[static_cast<R_xlen_t>(call.inputs.places[k])], transposed);
    if (!Rf_isNull(names)) return names;
  }
  return R_NilValue;
}

void name_rows(SEXP array, SEXP names) {
  if (Rf_isNull(names)) return;
  Rcpp::List dimnames(Rf_length(Rf_getAttrib(array, R_DimSymbol)));
  dimnames[0] = names;
  Rcpp::RObject(array).attr("dimnames") = dimnames;
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

// Neither this nor what it calls draws random numbers.
// [[Rcpp::export(rng = false)]]
SEXP cpp_run_operator(const Rcpp::CharacterVector& formula, const std::vector<std::string>& args,
                      const Rcpp::List& input, const std::string& inner_dim,
                      const Rcpp::List& settings, const std::string& sum_scheme = "auto",
                      SEXP progress = R_NilValue) {
  return guard([&]() -> SEXP {
    const kernelops::OperatorText text = text_from(formula, args, sum_scheme);
    const bool transposed = inner_dim == "row";
    const std::shared_ptr<kernelops::LoadedOperator> loaded = session().load(text);
    const kernelops::Operator& op = loaded->op;
    const ListedInputs listed = inputs_from(input, op.variables());
    kernelops::Invocation call = session().prepare(loaded, listed.inputs, transposed);
    const kernelops::Settings chosen = kernelops::settings_from(settings);
    const kernelops::InterruptCheck check = kernelops::interrupt_check(progress);
    session().check_missing(call, chosen, check);
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
    session().run(call, chosen, check);
    for (std::size_t a = 0; a < call.outputs.size(); ++a) {
      const auto place = static_cast<R_xlen_t>(a);
      const kernelops::ResultArray& array = op.arrays()[a];
      if (array.logical) arrays[place] = Rcpp::as<Rcpp::LogicalMatrix>(arrays[place]);
      name_rows(arrays[place],
                result_names(call, listed.values, op.categories()[array.formula], transposed));
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
    return Rcpp::List::create(
        Rcpp::_["backend"] = status.backend, Rcpp::_["compiled"] = status.compiled,
        Rcpp::_["reason"] = status.reason, Rcpp::_["operations"] = status.cost.operations,
        Rcpp::_["functions"] = Rcpp::wrap(status.cost.functions));
  });
}
