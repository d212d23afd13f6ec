// What a pair of rows costs, counted for people.
#pragma once

#include <map>
#include <string>

#include "core/lower/program.h"

namespace kernelops {

/// Operations for one pair: additions, multiplications, comparisons and the like, and functions by
/// their name, such as "exponential".
struct PairCost {
  double operations = 0;
  std::map<std::string, double> functions;
};

/// Counts the section of pairs, updates of the states included, into `cost`.
void add_pair_cost(const Program& program, PairCost& cost);

/// How many instructions a pair takes, or a row of a program without pairs.
double instruction_count(const Program& program);

}  // namespace kernelops
