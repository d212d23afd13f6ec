#include "core/support/small_code.h"

#include "core/syntax/synonyms.h"

#include "core/ops/table.h"
#include "core/syntax/parser.h"

namespace kernelops {

namespace {

// The template with the arguments of `call` for x, y, z, w.
Ast substituted(const Ast& part, const Ast& call) {
  if (part.kind == AstKind::name) {
    for (std::size_t a = 0; a < call.children.size(); ++a) {
      if (part.text == argument_name(a)) return call.children[a];
    }
  }
  Ast out = part;
  out.span = call.span;
  out.of_table = true;
  for (Ast& child : out.children) child = substituted(child, call);
  return out;
}

bool is_row(const std::string& name) {
  const std::size_t suffix = name.rfind("_Reduction");
  return find_operation(name) != nullptr ||
         (suffix != std::string::npos && find_reduction(name.substr(0, suffix)) != nullptr);
}

}  // namespace

std::optional<Ast> replace_synonym(const Ast& call, const AstReader& reader) {
  const Synonym* other = nullptr;
  for (const Synonym& each : synonyms()) {
    if (each.name != call.text) continue;
    if (each.arguments == call.children.size()) return substituted(parse(each.formula), call);
    other = &each;
  }
  if (other != nullptr && !is_row(call.text)) {
    reader.wrong_count(call, std::to_string(other->arguments) +
                                 (other->arguments == 1 ? " argument" : " arguments"));
  }
  return std::nullopt;
}

std::vector<std::string> synonym_names() {
  std::vector<std::string> out;
  for (const Synonym& each : synonyms()) {
    if (!is_row(each.name)) out.push_back(each.name);
  }
  return out;
}

}  // namespace kernelops
