// Reads integers, lists and counts of arguments off a syntax tree, with errors at their place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/support/error.h"
#include "core/syntax/ast.h"
#include "core/syntax/builder.h"

namespace kernelops {

/// Reads the syntax tree of `text`.
class AstReader {
 public:
  AstReader(const Scope& scope, std::string_view text) : scope_(scope), text_(text) {}

  [[noreturn]] void fail(const Ast& ast, const std::string& message,
                         ErrorKind kind = ErrorKind::syntax) const;

  /// Fails unless a call has `count` arguments, which `what` describes.
  void expect_count(const Ast& ast, std::size_t count, const std::string& what) const;
  [[noreturn]] void wrong_count(const Ast& ast, const std::string& what) const;

  /// The value of a tree that is an integer: a literal, a name of the scope, dim(x) of a formula of
  /// the scope, and sums, differences, products and whole quotients of such.
  std::int64_t integer(const Ast& ast) const;
  std::optional<std::int64_t> try_integer(const Ast& ast) const;

  /// The elements of a list of integers.
  std::vector<std::int64_t> integers(const Ast& ast) const;

 private:
  const Scope& scope_;
  std::string_view text_;
};

}  // namespace kernelops
