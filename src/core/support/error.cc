#include "core/support/error.h"

#include <algorithm>

namespace kernelops {

std::string_view error_kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::syntax:
      return "syntax";
    case ErrorKind::dimension:
      return "dimension";
    case ErrorKind::argument:
      return "argument";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::compile:
      return "compile";
    case ErrorKind::load:
      return "load";
    case ErrorKind::device:
      return "device";
    case ErrorKind::memory:
      return "memory";
    case ErrorKind::interrupt:
      return "interrupt";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

Error::Error(ErrorKind kind, const std::string& message, Data data)
    : std::runtime_error(message), kind_(kind), data_(std::move(data)) {}

Error error_at(ErrorKind kind, const std::string& message, std::string_view text, SourceSpan span,
               Error::Data data) {
  const std::size_t begin = std::min(span.begin, text.size());
  const std::size_t width = std::max<std::size_t>(span.end > begin ? span.end - begin : 1, 1);
  std::string shown(text);
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  data["text"] = std::string(text);
  data["position"] = std::to_string(begin + 1);
  return Error(
      kind, message + "\n  " + shown + "\n  " + std::string(begin, ' ') + std::string(width, '^'),
      std::move(data));
}

void internal_error(const char* condition, const char* file, int line) {
  throw Error(ErrorKind::internal, std::string("internal error: ") + condition +
                                       " does not hold at " + file + ":" + std::to_string(line) +
                                       "; please report it with the formula that caused it");
}

}  // namespace kernelops
