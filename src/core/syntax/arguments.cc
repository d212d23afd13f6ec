#include "core/support/small_code.h"

#include "core/syntax/arguments.h"

#include <algorithm>
#include <set>

#include "core/support/error.h"
#include "core/syntax/lexer.h"

namespace kernelops {

namespace {

class DeclarationParser {
 public:
  explicit DeclarationParser(const std::string& text) : text_(text), tokens_(tokenize(text)) {}

  // position is -1 where none was written.
  Variable run() {
    Variable variable;
    variable.name = take(TokenKind::name, "", "a name").text;
    take(TokenKind::symbol, "=", "`=`");
    const Token keyword = take(TokenKind::name, "", "`Vi`, `Vj` or `Pm`");
    const std::optional<Category> category = category_of_keyword(keyword.text);
    if (!category) fail(keyword, "`Vi`, `Vj` or `Pm`");
    variable.category = *category;
    take(TokenKind::symbol, "(", "`(`");
    const std::int64_t first = integer();
    if (here().text == ",") {
      ++at_;
      variable.position = static_cast<int>(first);
      variable.dimension = integer();
    } else {
      variable.position = -1;
      variable.dimension = first;
    }
    take(TokenKind::symbol, ")", "`)`");
    if (here().kind != TokenKind::end) fail(here(), "the end");
    if (variable.dimension < 1) {
      throw Error(ErrorKind::argument, "the dimension of `" + variable.name +
                                           "` must be at least 1; `" + text_ + "` was given");
    }
    return variable;
  }

 private:
  const Token& here() const { return tokens_[at_]; }

  [[noreturn]] void fail(const Token& token, const std::string& expected) const {
    throw error_at(ErrorKind::syntax,
                   expected +
                       " was expected in this declaration; declarations are written "
                       "`name = Vi(dimension)` or `name = Vi(position, dimension)`, with Vi, "
                       "Vj or Pm",
                   text_, token.span, {{"argument", "args"}});
  }

  Token take(TokenKind kind, const std::string& text, const std::string& expected) {
    if (here().kind != kind || (!text.empty() && here().text != text)) fail(here(), expected);
    return tokens_[at_++];
  }

  std::int64_t integer() {
    const Token token = take(TokenKind::number, "", "an integer");
    if (token.text.find_first_not_of("0123456789") != std::string::npos || token.number > 1e8) {
      fail(token, "an integer below 100 million");
    }
    return static_cast<std::int64_t>(token.number);
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Variable> parse_arguments(const std::vector<std::string>& declarations) {
  std::vector<Variable> variables;
  std::set<std::string> names;
  std::size_t positions = 0;
  for (const std::string& declaration : declarations) {
    Variable variable = DeclarationParser(declaration).run();
    if (!names.insert(variable.name).second) {
      throw Error(ErrorKind::argument, "`args` declares `" + variable.name + "` twice",
                  {{"argument", "args"}});
    }
    if (variable.position >= 0) ++positions;
    variables.push_back(std::move(variable));
  }
  if (positions == 0) {
    for (std::size_t k = 0; k < variables.size(); ++k) variables[k].position = static_cast<int>(k);
    return variables;
  }
  if (positions != variables.size()) {
    throw Error(ErrorKind::argument,
                "either all declarations of `args` have a position, or none has",
                {{"argument", "args"}});
  }
  std::sort(variables.begin(), variables.end(),
            [](const Variable& a, const Variable& b) { return a.position < b.position; });
  for (std::size_t k = 0; k < variables.size(); ++k) {
    if (variables[k].position != static_cast<int>(k)) {
      throw Error(ErrorKind::argument,
                  "the positions in `args` must be 0 to " + std::to_string(variables.size() - 1) +
                      ", each once",
                  {{"argument", "args"}});
    }
  }
  return variables;
}

std::optional<Category> category_of_keyword(std::string_view keyword) {
  if (keyword == "Vi" || keyword == "Vx") return Category::i;
  if (keyword == "Vj" || keyword == "Vy") return Category::j;
  if (keyword == "Pm") return Category::parameter;
  return std::nullopt;
}

std::string category_keyword(Category category) {
  switch (category) {
    case Category::i:
      return "Vi";
    case Category::j:
      return "Vj";
    case Category::parameter:
      break;
  }
  return "Pm";
}

}  // namespace kernelops
