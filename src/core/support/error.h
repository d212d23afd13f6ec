// The one exception type of the engine. A kind becomes the R condition class
// kernelops_error_<kind>; the data become fields of the condition.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/support/source_span.h"

namespace kernelops {

/// What went wrong, as the user sees it.
enum class ErrorKind {
  syntax,       // the text is no formula
  dimension,    // dimensions do not fit
  argument,     // an input or option is wrong
  unsupported,  // well-formed, but cannot be done
  compile,      // the compiler is missing or failed
  load,         // a compiled kernel cannot be loaded
  device,       // a device refused
  memory,       // not enough memory
  interrupt,    // the user stopped the computation
  internal,     // our bug
};

/// The name of a kind as it appears in R classes, for example "syntax".
std::string_view error_kind_name(ErrorKind kind);

/// The engine's only exception. `message` states the problem first, then what was given, then a
/// hint; `data` holds named details (argument, expected, actual, command, log, ...).
class Error : public std::runtime_error {
 public:
  using Data = std::map<std::string, std::string>;

  Error(ErrorKind kind, const std::string& message, Data data = {});

  ErrorKind kind() const noexcept { return kind_; }
  const Data& data() const noexcept { return data_; }

 private:
  ErrorKind kind_;
  Data data_;
};

/// An error at a place of a text: the message ends with the text and a caret under the place.
Error error_at(ErrorKind kind, const std::string& message, std::string_view text, SourceSpan span,
               Error::Data data = {});

/// Raises an internal error that names file and line unless `condition` holds.
#define KERNELOPS_CHECK(condition) \
  ((condition) ? void(0) : ::kernelops::internal_error(#condition, __FILE__, __LINE__))

/// Raises the internal error of KERNELOPS_CHECK.
[[noreturn]] void internal_error(const char* condition, const char* file, int line);

}  // namespace kernelops
