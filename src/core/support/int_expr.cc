#include "core/support/int_expr.h"

#include <cctype>

#include "core/support/error.h"

namespace kernelops {

namespace {

class Evaluator {
 public:
  Evaluator(std::string_view text, const IntScope& scope) : text_(text), scope_(scope) {}

  std::int64_t run() {
    const std::int64_t value = disjunction();
    skip_spaces();
    if (at_ != text_.size()) fail("unexpected text");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::internal, "integer expression \"" + std::string(text_) + "\": " + why);
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool accept(std::string_view symbol) {
    skip_spaces();
    if (text_.substr(at_, symbol.size()) != symbol) return false;
    at_ += symbol.size();
    return true;
  }

  std::int64_t disjunction() {
    std::int64_t value = conjunction();
    while (accept("||")) {
      const std::int64_t right = unless(value != 0, [this] { return conjunction(); });
      value = value != 0 || right != 0;
    }
    return value;
  }

  std::int64_t conjunction() {
    std::int64_t value = comparison();
    while (accept("&&")) {
      const std::int64_t right = unless(value == 0, [this] { return comparison(); });
      value = value != 0 && right != 0;
    }
    return value;
  }

  // Reads what does not matter if `decided`: then it may have no value.
  template <class Read>
  std::int64_t unless(bool decided, Read read) {
    ignored_ += decided ? 1 : 0;
    const std::int64_t value = read();
    ignored_ -= decided ? 1 : 0;
    return value;
  }

  std::int64_t comparison() {
    const std::int64_t left = sum();
    if (accept("==")) return left == sum();
    if (accept("!=")) return left != sum();
    if (accept("<=")) return left <= sum();
    if (accept(">=")) return left >= sum();
    if (accept("<")) return left < sum();
    if (accept(">")) return left > sum();
    return left;
  }

  std::int64_t sum() {
    std::int64_t value = product();
    for (;;) {
      std::int64_t out = 0;
      if (accept("+")) {
        if (__builtin_add_overflow(value, product(), &out)) fail("overflow");
      } else if (accept("-")) {
        if (__builtin_sub_overflow(value, product(), &out)) fail("overflow");
      } else {
        return value;
      }
      value = out;
    }
  }

  std::int64_t product() {
    std::int64_t value = atom();
    for (;;) {
      std::int64_t out = 0;
      if (accept("*")) {
        if (__builtin_mul_overflow(value, atom(), &out)) fail("overflow");
      } else if (accept("/")) {
        out = value / divisor();
      } else if (accept("%")) {
        out = value % divisor();
      } else {
        return value;
      }
      value = out;
    }
  }

  std::int64_t divisor() {
    const std::int64_t value = atom();
    if (value != 0) return value;
    if (ignored_ == 0) fail("division by zero");
    return 1;
  }

  std::int64_t atom() {
    if (accept("(")) {
      const std::int64_t value = disjunction();
      if (!accept(")")) fail("missing )");
      return value;
    }
    if (accept("-")) return -atom();
    skip_spaces();
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) {
      ++at_;
    }
    std::string word(text_.substr(begin, at_ - begin));
    if (word.empty()) fail("a value is missing");
    if (std::isdigit(static_cast<unsigned char>(word[0]))) return std::stoll(word);
    if ((word == "dim" || word == "length" || word == "is_permutation") && accept("(")) {
      const std::size_t end = text_.find(')', at_);
      if (end == std::string_view::npos) fail("missing )");
      word += "(" + std::string(text_.substr(at_, end - at_)) + ")";
      at_ = end + 1;
    } else if (word == "find" && accept("(")) {
      const std::size_t comma = text_.find(',', at_);
      if (comma == std::string_view::npos) fail("missing ,");
      word += "(" + std::string(text_.substr(at_, comma - at_)) + ",";
      at_ = comma + 1;
      word += std::to_string(disjunction());
      if (!accept(")")) fail("missing )");
    } else if (accept("[")) {
      word += "[" + std::to_string(disjunction());
      if (!accept("]")) fail("missing ]");
    }
    const std::optional<std::int64_t> value = scope_(word);
    if (!value && ignored_ == 0) fail("unknown name " + word);
    return value.value_or(0);
  }

  std::string_view text_;
  const IntScope& scope_;
  std::size_t at_ = 0;
  int ignored_ = 0;
};

}  // namespace

std::int64_t evaluate_int(std::string_view text, const IntScope& scope) {
  return Evaluator(text, scope).run();
}

}  // namespace kernelops
