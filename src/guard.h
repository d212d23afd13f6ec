// The border between the engine and R: the only place where engine errors are caught.
#pragma once

#include <Rcpp.h>

#include <exception>
#include <new>
#include <optional>
#include <string>

#include "core/api/session.h"

namespace kernelops {

/// The engine of this process. It is never destroyed: R ends with threads asleep in it.
Session& session();

/// Raises the R condition of an engine error, by the package's own R function. No C++ object with a
/// destructor may be alive in the caller but those on Rcpp's way out.
[[noreturn]] inline void raise_in_r(const std::string& kind, const std::string& message,
                                    const Error::Data& data) {
  Rcpp::List fields;
  for (const auto& [name, value] : data) fields[name] = value;
  const Rcpp::Environment package = Rcpp::Environment::namespace_env("kernelops");
  const Rcpp::Function raise = package["raise_error"];
  raise(kind, message, fields);
  throw Rcpp::exception("raise_error() returned");
}

/// Calls `body`; an engine error becomes an R condition of its kind.
template <class Body>
auto guard(const Body& body) {
  std::optional<Error> caught;
  try {
    return body();
  } catch (const Error& error) {
    caught.emplace(error);
  } catch (const std::bad_alloc&) {
    caught.emplace(ErrorKind::memory, "not enough memory");
  } catch (const std::exception& error) {
    // Nothing else is thrown on purpose; R's own jumps are no std::exception.
    caught.emplace(ErrorKind::internal, std::string("internal error: ") + error.what());
  }
  raise_in_r(std::string(error_kind_name(caught->kind())), caught->what(), caught->data());
}

}  // namespace kernelops
