// Matrices in the memory of a GPU as R has them.
#pragma once

#include <Rcpp.h>

#include <memory>

#include "core/api/session.h"

namespace kernelops {

/// What lies behind an object of class keops_gpu_matrix; throws Error(device) if it was made by
/// another process, from which only its name came.
std::shared_ptr<const DeviceArray> device_array_of(SEXP matrix);

}  // namespace kernelops
