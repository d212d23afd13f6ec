// R's list of settings as the engine's.
#pragma once

#include <Rcpp.h>

#include "core/api/session.h"

namespace kernelops {

/// The list made by current_settings() in R.
Settings settings_from(const Rcpp::List& list);

/// True if the user pressed Ctrl-C or Esc; to be called on R's own thread.
bool user_interrupted();

}  // namespace kernelops
