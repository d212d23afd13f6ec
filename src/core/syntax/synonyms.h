// Other ways of writing, replaced in the syntax tree.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/syntax/ast_reader.h"

namespace kernelops {

/// What a call means if it is a synonym (see ops/table.h), with its own arguments and place. Fails
/// if the name is known for other numbers of arguments only.
std::optional<Ast> replace_synonym(const Ast& call, const AstReader& reader);

/// The names that exist as synonyms only.
std::vector<std::string> synonym_names();

}  // namespace kernelops
