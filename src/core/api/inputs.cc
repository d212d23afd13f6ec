#include "core/api/inputs.h"

#include <algorithm>

#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

std::vector<std::string> names_of(const std::vector<Variable>& variables) {
  std::vector<std::string> names;
  for (const Variable& variable : variables) names.push_back(variable.name);
  return names;
}

std::string shape_text(const Input& input) {
  if (!input.is_numeric) {
    return "of type " + input.type +
           (input.type == "data.frame" ? "; as.matrix() converts it" : "");
  }
  if (!input.is_matrix) return "a vector of length " + std::to_string(input.rows);
  return "a " + std::to_string(input.rows) + " x " + std::to_string(input.columns) + " matrix";
}

Error input_error(const std::string& name, const std::string& expected, const std::string& actual) {
  return Error(ErrorKind::argument,
               "input `" + name + "` must be " + expected + "; it is " + actual,
               {{"argument", name}, {"expected", expected}, {"actual", actual}});
}

Error list_error(const std::string& message) {
  return Error(ErrorKind::argument, message, {{"argument", "input"}});
}

// The input of each variable.
std::vector<const Input*> match_inputs(const std::vector<Variable>& variables,
                                       const std::vector<Input>& inputs) {
  const std::vector<std::string> names = names_of(variables);
  if (inputs.size() != variables.size()) {
    throw list_error("`input` must have " + std::to_string(variables.size()) + " element" +
                     (variables.size() == 1 ? "" : "s") + " (" + join(names, ", ") + "); it has " +
                     std::to_string(inputs.size()));
  }
  const auto named = std::count_if(inputs.begin(), inputs.end(),
                                   [](const Input& input) { return !input.name.empty(); });
  std::vector<const Input*> matched(variables.size(), nullptr);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (named == 0) {
      matched[k] = &inputs[k];
      continue;
    }
    if (inputs[k].name.empty()) {
      throw list_error("either all elements of `input` have names, or none has; element " +
                       std::to_string(k + 1) + " has none");
    }
    const auto found = std::find(names.begin(), names.end(), inputs[k].name);
    if (found == names.end()) {
      throw list_error("`input` has an element `" + inputs[k].name + "`, but the variables are " +
                       join(names, ", ") + did_you_mean(inputs[k].name, names));
    }
    const Input*& place = matched[static_cast<std::size_t>(found - names.begin())];
    if (place != nullptr) throw list_error("`input` has two elements `" + inputs[k].name + "`");
    place = &inputs[k];
  }
  return matched;
}

std::string expected_text(const Variable& variable, bool transposed) {
  const std::string dimension = std::to_string(variable.dimension);
  if (variable.category == Category::parameter) {
    return variable.dimension == 1 ? "one number" : "a numeric vector of length " + dimension;
  }
  std::string text = std::string("a numeric matrix with ") + dimension +
                     (transposed ? " row" : " column") + (variable.dimension == 1 ? "" : "s");
  if (variable.dimension == 1) text += " or a vector";
  return text + " (one " + (transposed ? "column" : "row") + " for each " +
         category_name(variable.category) + ")";
}

ArrayView view_of(const Variable& variable, const Input& input, bool transposed) {
  const auto fail = [&] {
    return input_error(variable.name, expected_text(variable, transposed), shape_text(input));
  };
  if (!input.is_numeric) throw fail();
  ArrayView view;
  view.data = input.data;
  view.type = input.element;
  view.dimension = variable.dimension;
  const bool is_row_or_column = !input.is_matrix || input.rows == 1 || input.columns == 1;
  if (variable.category == Category::parameter) {
    if (!is_row_or_column || input.rows * input.columns != variable.dimension) throw fail();
    view.rows = 1;
    view.component_stride = 1;
    return view;
  }
  if (!input.is_matrix) {
    if (variable.dimension != 1) throw fail();
    view.rows = input.rows;
    return view;
  }
  if ((transposed ? input.rows : input.columns) != variable.dimension) throw fail();
  view.rows = transposed ? input.columns : input.rows;
  view.row_stride = transposed ? input.rows : 1;
  view.component_stride = transposed ? 1 : input.rows;
  return view;
}

}  // namespace

CheckedInputs check_inputs(const std::vector<Variable>& variables, const std::vector<Input>& inputs,
                           bool transposed) {
  const std::vector<const Input*> matched = match_inputs(variables, inputs);
  CheckedInputs out;
  const Variable* first[2] = {nullptr, nullptr};
  for (std::size_t k = 0; k < variables.size(); ++k) {
    const Variable& variable = variables[k];
    const ArrayView view = view_of(variable, *matched[k], transposed);
    out.views.push_back(view);
    if (variable.category == Category::parameter) continue;
    std::int64_t& rows = variable.category == Category::i ? out.sizes.i : out.sizes.j;
    const Variable*& reference = first[static_cast<int>(variable.category)];
    if (reference == nullptr) {
      reference = &variable;
      rows = view.rows;
    } else if (rows != view.rows) {
      const std::string unit = transposed ? " columns" : " rows";
      throw Error(ErrorKind::argument,
                  "input `" + variable.name + "` has " + std::to_string(view.rows) + unit +
                      ", but `" + reference->name + "` has " + std::to_string(rows) +
                      "; both must have one for each " + category_name(variable.category),
                  {{"argument", variable.name},
                   {"expected", std::to_string(rows)},
                   {"actual", std::to_string(view.rows)}});
    }
  }
  return out;
}

}  // namespace kernelops
