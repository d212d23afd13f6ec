#include "core/support/small_code.h"

#include "core/syntax/ast_reader.h"

#include <cmath>

namespace kernelops {

namespace {

// Integers up to here are exact in double.
constexpr double kLargestInteger = 9007199254740992.0;

std::optional<std::int64_t> combine(const std::string& operation, std::int64_t a, std::int64_t b) {
  if (operation == "Add") return a + b;
  if (operation == "Subtract") return a - b;
  if (operation == "Mult") return a * b;
  if (operation == "Divide" && b != 0 && a % b == 0) return a / b;
  return std::nullopt;
}

}  // namespace

void AstReader::fail(const Ast& ast, const std::string& message, ErrorKind kind) const {
  throw error_at(kind, message, text_, ast.span);
}

void AstReader::expect_count(const Ast& ast, std::size_t count, const std::string& what) const {
  if (ast.children.size() != count) wrong_count(ast, what);
}

void AstReader::wrong_count(const Ast& ast, const std::string& what) const {
  fail(ast, "`" + ast.text + "` needs " + what + "; it was given " +
                std::to_string(ast.children.size()) + " argument" +
                (ast.children.size() == 1 ? "" : "s"));
}

std::optional<std::int64_t> AstReader::try_integer(const Ast& ast) const {
  if (ast.kind == AstKind::number && ast.is_integer && std::fabs(ast.number) <= kLargestInteger) {
    return static_cast<std::int64_t>(ast.number);
  }
  if (ast.kind == AstKind::name) {
    const auto found = scope_.integers.find(ast.text);
    if (found != scope_.integers.end()) return found->second;
  }
  if (ast.kind == AstKind::call && ast.text == "dim" && ast.children.size() == 1) {
    const auto found = scope_.formulas.find(ast.children[0].text);
    if (found != scope_.formulas.end()) return found->second->dimension;
  }
  if (ast.kind == AstKind::call && ast.children.size() == 2) {
    const auto left = try_integer(ast.children[0]);
    const auto right = try_integer(ast.children[1]);
    if (left && right) return combine(ast.text, *left, *right);
  }
  return std::nullopt;
}

std::int64_t AstReader::integer(const Ast& ast) const {
  if (const auto value = try_integer(ast)) return *value;
  fail(ast, "an integer was expected here");
}

std::vector<std::int64_t> AstReader::integers(const Ast& ast) const {
  if (ast.kind == AstKind::name) {
    const auto found = scope_.lists.find(ast.text);
    if (found != scope_.lists.end()) return found->second;
  }
  if (ast.kind != AstKind::list) fail(ast, "a list of integers such as [2, 3] was expected here");
  std::vector<std::int64_t> out;
  for (const Ast& each : ast.children) out.push_back(integer(each));
  return out;
}

}  // namespace kernelops
