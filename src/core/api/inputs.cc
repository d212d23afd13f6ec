#include "core/api/inputs.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/support/error.h"
#include "core/support/rounding.h"
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
    return "of type " + input.type + (input.hint.empty() ? "" : "\n  hint: " + input.hint);
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

// Values that one task looks at: those of a smaller input are not worth waking a thread.
constexpr std::int64_t kValuesOfTask = 128 * 1024;

bool is_missing(double value) {
  // R marks its missing value by 1954 in the low word of a NaN.
  constexpr std::uint64_t kMask = 0x7ff00000ffffffff;
  constexpr std::uint64_t kMissing = 0x7ff00000000007a2;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits & kMask) == kMissing;
}

bool is_missing(std::int32_t value) { return value == kMissingInteger; }

template <class Value>
bool any_missing(const Value* values, std::int64_t count) {
  unsigned found = 0;
  for (std::int64_t n = 0; n < count; ++n) found |= static_cast<unsigned>(is_missing(values[n]));
  return found != 0;
}

// One comparison tells whether any of two numbers is NaN.
bool any_nan(const double* values, std::int64_t count) {
  unsigned found = 0;
  std::int64_t n = 0;
  for (; n + 8 <= count; n += 8) {
    for (std::int64_t k = n; k < n + 8; k += 2) {
      found |= static_cast<unsigned>(std::isunordered(values[k], values[k + 1]));
    }
  }
  for (; n < count; ++n) found |= static_cast<unsigned>(std::isnan(values[n]));
  return found != 0;
}

bool any_missing(const ArrayView& view, std::int64_t first, std::int64_t count) {
  if (view.type == ElementType::int32) {
    return any_missing(static_cast<const std::int32_t*>(view.data) + first, count);
  }
  const double* const values = static_cast<const double*>(view.data) + first;
  return any_nan(values, count) && any_missing(values, count);
}

Error missing_error(const Variable& variable, const ArrayView& view, bool transposed) {
  std::int64_t missing = 0;
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t k = 0; k < view.dimension; ++k) {
    for (std::int64_t row = 0; row < view.rows; ++row) {
      if (!any_missing(view, row * view.row_stride + k * view.component_stride, 1)) continue;
      ++missing;
      // A parameter has one row: there the component tells where.
      first = std::min(first, variable.category == Category::parameter ? k : row);
    }
  }
  const std::string count = std::to_string(missing);
  const std::string place = std::to_string(first + 1);
  const std::string unit = variable.category == Category::parameter ? "place"
                           : transposed                             ? "column"
                                                                    : "row";
  return Error(
      ErrorKind::argument,
      "input `" + variable.name + "` must have no missing values (NA); it has " + count + ", " +
          (missing == 1 ? "" : "the first ") + "in " + unit + " " + place +
          "\n  hint: leave it out, or let NA pass as NaN with the option na_action = \"pass\"",
      {{"argument", variable.name},
       {"expected", "no missing values"},
       {"actual", count + " missing"},
       {"place", place},
       {"missing", count}});
}

ArrayView view_of(const Variable& variable, const Input& input, bool transposed) {
  const auto fail = [&] {
    return input_error(variable.name, expected_text(variable, transposed), shape_text(input));
  };
  if (!input.is_numeric) throw fail();
  ArrayView view;
  view.data = input.data;
  view.device_array = input.device_array.get();
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
  out.transposed = transposed;
  const Variable* first[2] = {nullptr, nullptr};
  for (std::size_t k = 0; k < variables.size(); ++k) {
    const Variable& variable = variables[k];
    const ArrayView view = view_of(variable, *matched[k], transposed);
    out.views.push_back(view);
    if (matched[k]->device_array != nullptr) out.device_arrays.push_back(matched[k]->device_array);
    out.places.push_back(static_cast<std::size_t>(matched[k] - inputs.data()));
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

void refuse_device_arrays(const std::vector<Variable>& variables, const CheckedInputs& inputs) {
  for (std::size_t k = 0; k < variables.size(); ++k) {
    const DeviceArray* const array = inputs.views[k].device_array;
    if (array == nullptr) continue;
    const std::string place = "GPU " + std::to_string(array->device->properties().ordinal);
    throw Error(ErrorKind::argument,
                "input `" + variables[k].name + "` is in the memory of " + place +
                    ", but the CPU is to compute\n  hint: use_gpu(), or as.matrix(x)",
                {{"argument", variables[k].name},
                 {"expected", "numbers in the memory of the CPU"},
                 {"actual", place}});
  }
}

void refuse_missing(const std::vector<Variable>& variables, const CheckedInputs& inputs,
                    int threads, ThreadPool& pool, const InterruptCheck& interrupted) {
  for (std::size_t k = 0; k < variables.size(); ++k) {
    const ArrayView& view = inputs.views[k];
    // Those of a device were looked at when they were sent there.
    if (view.device_array != nullptr) continue;
    const std::int64_t values = view.rows * view.dimension;
    const std::int64_t tasks = divide_up(values, kValuesOfTask);
    std::atomic<bool> found{false};
    const auto look = [&](std::int64_t task, int) {
      const std::int64_t first = task * kValuesOfTask;
      if (any_missing(view, first, std::min(kValuesOfTask, values - first))) found = true;
    };
    pool.run(tasks > 1 ? threads : 0, tasks, look, interrupted);
    if (found) throw missing_error(variables[k], view, inputs.transposed);
  }
}

}  // namespace kernelops
