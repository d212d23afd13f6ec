// GPUs: starting them, and matrices in their memory.
#include <Rcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "gpu_matrix.h"
#include "guard.h"
#include "settings.h"

namespace kernelops {

namespace {

using Holder = std::shared_ptr<const DeviceArray>;

// Devices as the columns of a table.
Rcpp::List device_columns(const std::vector<DeviceProperties>& devices) {
  const std::size_t count = devices.size();
  std::vector<int> ordinals(count);
  std::vector<std::string> names(count);
  std::vector<std::string> capabilities(count);
  std::vector<double> bytes(count);
  for (std::size_t k = 0; k < count; ++k) {
    ordinals[k] = devices[k].ordinal;
    names[k] = devices[k].name;
    capabilities[k] = capability_text(devices[k].architecture);
    bytes[k] = static_cast<double>(devices[k].memory_bytes);
  }
  return Rcpp::List::create(Rcpp::_["device"] = ordinals, Rcpp::_["name"] = names,
                            Rcpp::_["compute_capability"] = capabilities,
                            Rcpp::_["memory"] = bytes);
}

Rcpp::List gpu_report(const CudaInstallation& cuda) {
  const auto& driver = cuda.driver.driver;
  const auto& nvrtc = cuda.nvrtc.nvrtc;
  const auto& nvcc = cuda.nvcc.nvcc;
  return Rcpp::List::create(
      Rcpp::_["reason"] = cuda.reason, Rcpp::_["devices"] = device_columns(cuda.devices),
      Rcpp::_["driver"] = driver ? driver->path() : std::string(),
      Rcpp::_["driver_version"] = driver ? version_text(driver->version()) : std::string(),
      Rcpp::_["driver_refused"] = cuda.driver.refused,
      Rcpp::_["nvrtc"] = nvrtc ? nvrtc->path() : std::string(),
      Rcpp::_["nvrtc_version"] = nvrtc ? version_text(nvrtc->version()) : std::string(),
      Rcpp::_["nvrtc_refused"] = cuda.nvrtc.refused,
      Rcpp::_["nvcc"] = nvcc ? nvcc->path() : std::string(),
      Rcpp::_["nvcc_version"] = nvcc ? version_text(nvcc->version()) : std::string(),
      Rcpp::_["nvcc_refused"] = cuda.nvcc.refused);
}

// What a pointer of R leads to; nothing if another process made it.
const Holder* holder_of(SEXP pointer) {
  return TYPEOF(pointer) == EXTPTRSXP ? static_cast<const Holder*>(R_ExternalPtrAddr(pointer))
                                      : nullptr;
}

}  // namespace

std::shared_ptr<const DeviceArray> device_array_of(SEXP matrix) {
  const Holder* const holder = holder_of(VECTOR_ELT(matrix, 0));
  if (holder == nullptr) {
    throw Error(ErrorKind::device,
                "the matrix is not on a GPU of this process: it was sent there by another one\n"
                "  hint: send the numbers again with keops_to_gpu()");
  }
  return *holder;
}

}  // namespace kernelops

using kernelops::guard;
using kernelops::session;
using kernelops::settings_from;

// [[Rcpp::export]]
Rcpp::List cpp_gpu_report(const Rcpp::List& settings) {
  return guard([&] { return kernelops::gpu_report(session().find_gpus(settings_from(settings))); });
}

// The devices of the settings, started.
// [[Rcpp::export]]
Rcpp::List cpp_start_gpus(const Rcpp::List& settings) {
  return guard(
      [&] { return kernelops::device_columns(session().start_gpus(settings_from(settings))); });
}

// A matrix of doubles, sent to the first device of the settings.
// [[Rcpp::export]]
SEXP cpp_send_to_gpu(const Rcpp::NumericMatrix& matrix, const Rcpp::List& settings) {
  return guard([&]() -> SEXP {
    auto holder = std::make_unique<kernelops::Holder>(
        session().to_gpu(matrix.begin(), matrix.nrow(), matrix.ncol(), settings_from(settings)));
    const int device = (*holder)->device->properties().ordinal;
    const std::string name = (*holder)->device->properties().name;
    // R deletes the holder by cpp_release_from_gpu() when it collects the pointer.
    const Rcpp::XPtr<kernelops::Holder> pointer(holder.release(), false);
    return Rcpp::List::create(Rcpp::_["pointer"] = pointer, Rcpp::_["device"] = device,
                              Rcpp::_["name"] = name);
  });
}

// Gives the memory of a matrix back; `pointer` is what cpp_send_to_gpu() returned.
// [[Rcpp::export]]
void cpp_release_from_gpu(SEXP pointer) {
  guard([&] {
    delete kernelops::holder_of(pointer);
    R_ClearExternalPtr(pointer);
  });
}

// Whether a matrix was sent by this process and not only its name came from another.
// [[Rcpp::export]]
bool cpp_is_on_gpu(const Rcpp::List& matrix) { return kernelops::holder_of(matrix[0]) != nullptr; }

// The numbers of a matrix on a device.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_fetch_from_gpu(const Rcpp::List& matrix) {
  return guard([&] {
    const std::shared_ptr<const kernelops::DeviceArray> array = kernelops::device_array_of(matrix);
    Rcpp::NumericMatrix out(static_cast<int>(array->rows), static_cast<int>(array->columns));
    session().from_gpu(*array, out.begin());
    return out;
  });
}

// Frees what the pools of devices keep for later.
// [[Rcpp::export]]
void cpp_trim_gpus() {
  guard([] { session().trim_gpus(); });
}

// The memory of the devices in use, in bytes.
// [[Rcpp::export]]
Rcpp::List cpp_gpu_memory() {
  return guard([] {
    Rcpp::IntegerVector device;
    Rcpp::NumericVector used, cached, cap, peak;
    for (const kernelops::GpuUse& use : session().gpu_uses()) {
      device.push_back(use.ordinal);
      used.push_back(static_cast<double>(use.memory.used_bytes));
      cached.push_back(static_cast<double>(use.memory.cached_bytes));
      cap.push_back(static_cast<double>(use.memory.cap_bytes));
      peak.push_back(static_cast<double>(use.memory.peak_bytes));
    }
    return Rcpp::List::create(Rcpp::_["device"] = device, Rcpp::_["used"] = used,
                              Rcpp::_["cached"] = cached, Rcpp::_["cap"] = cap,
                              Rcpp::_["peak"] = peak);
  });
}
