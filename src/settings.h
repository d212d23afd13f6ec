// R's list of settings as the engine's.
#pragma once

#include <Rcpp.h>

#include "core/api/session.h"

namespace kernelops {

/// The list made by current_settings() in R.
Settings settings_from(const Rcpp::List& list);

/// True if the user pressed Ctrl-C or Esc; to be called on R's own thread.
bool user_interrupted();

/// What the engine asks while it works: whether the user wants to stop. On the way, `report`, a
/// function of R or NULL, learns the part of the work that is done and the seconds since it began,
/// ten times a second at most; it answers whether to go on.
InterruptCheck interrupt_check(SEXP report);

}  // namespace kernelops
