// The meaning of reductions, as plainly as it can be said: what one makes of all its values in
// order. Sums are long double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/ir/reduction_def.h"

namespace kernelops::testing {

/// All values that meet in one component of a result, in the order of the rows, and their weights.
struct Gathered {
  std::vector<double> values;
  std::vector<double> weights;
  std::int64_t rank = 1;

  long double sum(const std::function<long double(std::size_t)>& term) const {
    long double out = 0;
    for (std::size_t n = 0; n < values.size(); ++n) out += term(n);
    return out;
  }
  double number(const std::function<bool(double)>& holds) const {
    return static_cast<double>(std::count_if(values.begin(), values.end(), holds));
  }
  bool has_nan() const {
    return number([](double v) { return std::isnan(v); }) > 0;
  }
  /// Rows from the best on, earlier rows first on ties, without NaN; `sign` is 1 for the largest.
  std::vector<std::size_t> ordered(double sign) const {
    std::vector<std::size_t> out;
    for (std::size_t n = 0; n < values.size(); ++n) {
      if (!std::isnan(values[n])) out.push_back(n);
    }
    std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
      return sign * values[a] > sign * values[b];
    });
    return out;
  }
  double best(double sign) const {
    const std::vector<std::size_t> order = ordered(sign);
    return order.empty() ? -sign * std::numeric_limits<double>::infinity() : values[order[0]];
  }
  /// Sum of weight * exp(value - maximum); the weights are 1 if there are none.
  long double shifted(bool weighted, bool magnitude = false) const {
    const double most = best(1);
    return sum([&](std::size_t n) -> long double {
      const long double weight = weighted ? weights[n] : 1;
      const long double difference =
          values[n] == most ? 0 : static_cast<long double>(values[n]) - most;
      return std::exp(difference) * (magnitude ? std::fabs(weight) : weight);
    });
  }
};

/// The values of one component of an output: one, or K.
using Output = std::vector<double>;

/// Every output of a reduction in the order of its row; row numbers count from 0, -1 is none.
inline std::vector<Output> reduced(const std::string& name, const Gathered& g) {
  using Outputs = std::vector<Output>;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto rows = static_cast<long double>(g.values.size());
  const auto one = [](long double value) { return Outputs{{static_cast<double>(value)}}; };
  const auto mean = [&] { return g.sum([&](std::size_t n) { return g.values[n]; }) / rows; };
  const auto log_of = [&](long double sum) {
    return g.has_nan() ? kNan : static_cast<long double>(g.best(1)) + std::log(sum);
  };
  const auto maximum_and_sum = [&](bool weighted) {
    return Outputs{{g.best(1)}, {static_cast<double>(g.shifted(weighted))}};
  };
  const auto nonzero = [&] { return g.number([](double v) { return v != 0; }); };
  static const auto ranked = [](const Gathered& of, double sign) {
    Outputs out(2);
    const std::vector<std::size_t> order = of.ordered(sign);
    for (std::size_t k = 0; k < static_cast<std::size_t>(of.rank); ++k) {
      out[0].push_back(k < order.size() ? of.values[order[k]] : -sign * kInfinity);
      out[1].push_back(k < order.size() ? static_cast<double>(order[k]) : -1);
    }
    return out;
  };
  const std::map<std::string, std::function<Outputs()>> meanings = {
      {"Sum", [&] { return one(g.sum([&](std::size_t n) { return g.values[n]; })); }},
      {"Mean", [&] { return one(mean()); }},
      {"Var",
       [&] {
         if (rows < 2) return one(kNan);
         const long double middle = mean();
         return one(g.sum([&](std::size_t n) {
           return (g.values[n] - middle) * (g.values[n] - middle);
         }) / (rows - 1));
       }},
      {"Prod",
       [&] {
         long double product = 1;
         for (const double value : g.values) product *= value;
         return one(product);
       }},
      {"Any", [&] { return one(nonzero() > 0); }},
      {"All", [&] { return one(nonzero() == static_cast<double>(rows)); }},
      {"Count", [&] { return one(nonzero()); }},
      {"LogSumExp", [&] { return one(log_of(g.shifted(false))); }},
      {"LogSumExpWeight", [&] { return one(log_of(g.shifted(true))); }},
      {"SumSoftMaxWeight", [&] { return one(g.shifted(true) / g.shifted(false)); }},
      {"Max_SumShiftExp", [&] { return maximum_and_sum(false); }},
      {"Max_SumShiftExpWeight", [&] { return maximum_and_sum(true); }},
  };
  const auto found = meanings.find(name);
  if (found != meanings.end()) return found->second();
  // [K]Min, Arg[K]Min, [K]Min_Arg[K]Min, and the same with Max.
  const double sign = name.find("Max") != std::string::npos ? 1 : -1;
  const Outputs both = ranked(g, sign);
  if (name.find('_') != std::string::npos) return both;
  if (name.find("Min") == std::string::npos && sign < 0) {
    throw std::logic_error("the reduction " + name + " has no meaning in tests");
  }
  return {name.substr(0, 3) == "Arg" ? both[1] : both[0]};
}

/// How large the numbers are that a component is made of, to judge rounding errors.
inline double magnitude_of(const std::string& name, const Gathered& g) {
  double largest = 0;
  for (const double value : g.values) largest = std::max(largest, std::fabs(value));
  const auto sum = [&] {
    return static_cast<double>(g.sum([&](std::size_t n) { return std::fabs(g.values[n]); }));
  };
  const auto weights = [&] { return static_cast<double>(g.shifted(true, true)); };
  if (name == "Sum") return sum();
  if (name == "Mean") return sum() / static_cast<double>(g.values.size());
  if (name == "Var") return largest * largest;
  if (name == "Prod") return std::fabs(reduced(name, g)[0][0]);
  if (name == "Max_SumShiftExpWeight") return std::max(largest, weights());
  if (name == "SumSoftMaxWeight") return weights() / static_cast<double>(g.shifted(false));
  if (name == "LogSumExpWeight") {
    return largest + weights() / std::fabs(static_cast<double>(g.shifted(true)));
  }
  return largest;
}

}  // namespace kernelops::testing
