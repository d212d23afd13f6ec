// The declarations of an operator's inputs: "name=Vi(dim)" or "name=Vi(pos,dim)", with RKeOps'
// rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ir/graph.h"

namespace kernelops {

/// The declared variables in the order of their positions. Without positions the order of the
/// declarations counts; with positions every declaration needs one and they are 0, 1, 2, ... Spaces
/// are free and any identifier is a name. Throws Error(syntax) or Error(argument).
std::vector<Variable> parse_arguments(const std::vector<std::string>& declarations);

/// The category of "Vi", "Vj" or "Pm", or of the synonyms "Vx" and "Vy" of the first two.
std::optional<Category> category_of_keyword(std::string_view keyword);

/// "Vi", "Vj" or "Pm".
std::string category_keyword(Category category);

}  // namespace kernelops
