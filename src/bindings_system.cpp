// The machine, the cache, and the life of the engine.
#include <R_ext/Utils.h>
#include <Rcpp.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "core/api/session.h"
#include "guard.h"
#include "settings.h"

namespace kernelops {

namespace {

Session* running_session = nullptr;

void check_interrupt(void*) { R_CheckUserInterrupt(); }

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kReportInterval(100);

// One call of a function of R, as data: a jump of R must not pass frames of C++.
struct Report {
  SEXP function;
  double fraction;
  double seconds;
  bool go_on;
};

void call_report(void* data) {
  Report* report = static_cast<Report*>(data);
  const SEXP fraction = PROTECT(Rf_ScalarReal(report->fraction));
  const SEXP seconds = PROTECT(Rf_ScalarReal(report->seconds));
  const SEXP call = PROTECT(Rf_lang3(report->function, fraction, seconds));
  report->go_on = Rf_asLogical(Rf_eval(call, R_BaseEnv)) != FALSE;
  UNPROTECT(3);
}

}  // namespace

Session& session() {
  if (running_session == nullptr) running_session = new Session;
  return *running_session;
}

bool user_interrupted() { return R_ToplevelExec(check_interrupt, nullptr) == FALSE; }

InterruptCheck interrupt_check(SEXP report) {
  if (Rf_isNull(report)) return user_interrupted;
  Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  return [report, start, last]() mutable {
    if (user_interrupted()) return true;
    const Clock::time_point now = Clock::now();
    const double fraction = session().progress();
    // Nothing is known before the first step, and compiling is none.
    if (fraction <= 0) start = now;
    if (fraction <= 0 || now - last < kReportInterval) return false;
    last = now;
    Report each{report, fraction, std::chrono::duration<double>(now - start).count(), false};
    return R_ToplevelExec(call_report, &each) == FALSE || !each.go_on;
  };
}

Settings settings_from(const Rcpp::List& list) {
  Settings out;
  out.float32 = Rcpp::as<std::string>(list["precision"]) == "float32";
  out.refuses_missing = Rcpp::as<std::string>(list["na_action"]) == "fail";
  out.threads = Rcpp::as<int>(list["threads"]);
  out.compilers = Rcpp::as<std::vector<std::string>>(list["compilers"]);
  out.compiler_flags = Rcpp::as<std::vector<std::string>>(list["compiler_flags"]);
  out.cpu = Rcpp::as<std::string>(list["cpu"]);
  out.cache_directory = Rcpp::as<std::string>(list["cache_directory"]);
  out.kernel_directory = Rcpp::as<std::string>(list["kernel_directory"]);
  out.version = Rcpp::as<std::string>(list["version"]);
  out.cache_bytes = static_cast<std::uintmax_t>(Rcpp::as<double>(list["cache_size"]));
  out.gpu = Rcpp::as<std::string>(list["backend"]) == "gpu";
  out.devices = Rcpp::as<std::vector<int>>(list["device"]);
  out.gpu_memory = static_cast<std::size_t>(Rcpp::as<double>(list["gpu_memory"]));
  out.tensor_cores = Rcpp::as<bool>(list["tensor_cores"]);
  out.nvrtc = Rcpp::as<std::string>(list["nvrtc"]);
  return out;
}

}  // namespace kernelops

// [[Rcpp::export]]
Rcpp::List cpp_system_report(const Rcpp::List& settings) {
  return kernelops::guard([&] {
    const kernelops::Settings chosen = kernelops::settings_from(settings);
    const kernelops::SystemReport report = kernelops::session().report(chosen);
    const auto& found = report.search.toolchain;
    return Rcpp::List::create(
        Rcpp::_["version"] = chosen.version,
        Rcpp::_["compiler"] = found ? found->compiler : std::string(),
        Rcpp::_["compiler_version"] = found ? found->version : std::string(),
        Rcpp::_["compiler_flags"] = found ? found->flags : std::vector<std::string>(),
        Rcpp::_["compiler_refused"] = report.search.refused,
        Rcpp::_["vector_name"] = report.cpu.name, Rcpp::_["vector_bytes"] = report.cpu.vector_bytes,
        Rcpp::_["threads"] = chosen.threads,
        Rcpp::_["cores"] = static_cast<int>(std::max(1u, std::thread::hardware_concurrency())),
        Rcpp::_["cache_directory"] = report.cache.directory,
        Rcpp::_["cache_files"] = static_cast<int>(report.cache.files),
        Rcpp::_["cache_bytes"] = static_cast<double>(report.cache.bytes));
  });
}

// [[Rcpp::export]]
int cpp_clear_cache(const Rcpp::List& settings) {
  return kernelops::guard([&] {
    return static_cast<int>(kernelops::session().clear_cache(kernelops::settings_from(settings)));
  });
}

// The values of options, NULL for those that are not set: lapply(names, getOption) in a fraction of
// the time, as every call asks.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_options(const Rcpp::CharacterVector& names) {
  Rcpp::List out(names.size());
  for (R_xlen_t k = 0; k < names.size(); ++k) {
    out[k] = Rf_GetOption1(Rf_installChar(STRING_ELT(names, k)));
  }
  return out;
}

// The seconds that all compilations of this process took.
// [[Rcpp::export]]
double cpp_compile_seconds() { return kernelops::session().compile_seconds(); }

// Ends the engine's threads, so that the library can be unloaded.
// [[Rcpp::export]]
void cpp_shut_down() {
  delete kernelops::running_session;
  kernelops::running_session = nullptr;
}
