#include "core/support/small_code.h"

#include "core/syntax/leaves.h"

#include <algorithm>
#include <functional>

#include "core/syntax/arguments.h"

namespace kernelops {

namespace {

constexpr std::int64_t kLargestPosition = 10000;

// One call that is being read.
struct LeafCall {
  Graph& graph;
  const Ast& ast;
  const Scope& scope;
  const AstReader& reader;

  std::int64_t integer(std::size_t argument) const {
    return reader.integer(ast.children[argument]);
  }
};

struct Leaf {
  std::string name;
  std::size_t arguments;
  std::string what;
  std::function<Expr(const LeafCall&)> make;
};

Expr inline_variable(const LeafCall& call, std::int64_t category) {
  if (!call.scope.inline_variable) {
    call.reader.fail(call.ast, "`" + call.ast.text + "` cannot be used here");
  }
  const std::int64_t position = call.integer(0);
  if (position < 0 || position > kLargestPosition) {
    call.reader.fail(call.ast.children[0],
                     "the position must be from 0 to " + std::to_string(kLargestPosition));
  }
  return call.scope.inline_variable(static_cast<int>(position), call.integer(1),
                                    static_cast<Category>(category));
}

Expr generic_variable(const LeafCall& call) {
  const std::int64_t category = call.integer(2);
  if (category < 0 || category > 2) {
    call.reader.fail(call.ast.children[2], "the category must be 0, 1 or 2");
  }
  return inline_variable(call, category);
}

Expr keyword_variable(const LeafCall& call) {
  return inline_variable(call, static_cast<std::int64_t>(*category_of_keyword(call.ast.text)));
}

Expr quotient(const LeafCall& call, std::int64_t numerator, std::size_t denominator_at) {
  const std::int64_t denominator = call.integer(denominator_at);
  if (denominator == 0) {
    call.reader.fail(call.ast.children[denominator_at], "the denominator must not be 0");
  }
  return call.graph.constant(static_cast<double>(numerator) / static_cast<double>(denominator));
}

Expr entry_number(const LeafCall& call) {
  if (call.scope.inline_variable) {
    call.reader.fail(call.ast, "`Entry` cannot be used in formulas");
  }
  return call.graph.entry_number();
}

const std::vector<Leaf>& leaves() {
  const std::string placed = "a position and a dimension";
  const std::string one = "one integer";
  const std::string nothing = "no arguments";
  static const std::vector<Leaf> forms = {
      {"Var", 3, "a position, a dimension and a category (0, 1 or 2)", generic_variable},
      {"Vi", 2, placed, keyword_variable},
      {"Vj", 2, placed, keyword_variable},
      {"Pm", 2, placed, keyword_variable},
      {"Vx", 2, placed, keyword_variable},
      {"Vy", 2, placed, keyword_variable},
      {"IntCst", 1, one,
       [](const LeafCall& call) {
         return call.graph.constant(static_cast<double>(call.integer(0)));
       }},
      {"RatCst", 2, "a numerator and a denominator",
       [](const LeafCall& call) { return quotient(call, call.integer(0), 1); }},
      {"IntInv", 1, one, [](const LeafCall& call) { return quotient(call, 1, 0); }},
      {"Zero", 1, one, [](const LeafCall& call) { return call.graph.zero(call.integer(0)); }},
      {"IndexI", 0, nothing,
       [](const LeafCall& call) { return call.graph.row_number(Category::i); }},
      {"IndexJ", 0, nothing,
       [](const LeafCall& call) { return call.graph.row_number(Category::j); }},
      {"CountI", 0, nothing,
       [](const LeafCall& call) { return call.graph.row_count(Category::i); }},
      {"CountJ", 0, nothing,
       [](const LeafCall& call) { return call.graph.row_count(Category::j); }},
      {"Entry", 0, nothing, entry_number},
  };
  return forms;
}

}  // namespace

std::optional<Expr> build_leaf(Graph& graph, const Ast& ast, const Scope& scope,
                               const AstReader& reader) {
  const std::vector<Leaf>& all = leaves();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Leaf& leaf) { return leaf.name == ast.text; });
  if (found == all.end()) return std::nullopt;
  reader.expect_count(ast, found->arguments, found->what);
  return found->make({graph, ast, scope, reader});
}

std::vector<std::string> leaf_names() {
  std::vector<std::string> out;
  for (const Leaf& leaf : leaves()) {
    if (leaf.name != "Entry") out.push_back(leaf.name);
  }
  return out;
}

}  // namespace kernelops
