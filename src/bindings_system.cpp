// The machine, the cache, and the life of the engine.
#include <R_ext/Utils.h>
#include <Rcpp.h>

#include <algorithm>
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

}  // namespace

Session& session() {
  if (running_session == nullptr) running_session = new Session;
  return *running_session;
}

bool user_interrupted() { return R_ToplevelExec(check_interrupt, nullptr) == FALSE; }

Settings settings_from(const Rcpp::List& list) {
  Settings out;
  out.float32 = Rcpp::as<std::string>(list["precision"]) == "float32";
  out.threads = Rcpp::as<int>(list["threads"]);
  out.compilers = Rcpp::as<std::vector<std::string>>(list["compilers"]);
  out.compiler_flags = Rcpp::as<std::vector<std::string>>(list["compiler_flags"]);
  out.cpu = Rcpp::as<std::string>(list["cpu"]);
  out.cache_directory = Rcpp::as<std::string>(list["cache_directory"]);
  out.kernel_directory = Rcpp::as<std::string>(list["kernel_directory"]);
  out.version = Rcpp::as<std::string>(list["version"]);
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
        Rcpp::_["cache_bytes"] = static_cast<double>(report.cache.bytes),
        Rcpp::_["gpu"] = "not used: this version computes on the CPU");
  });
}

// [[Rcpp::export]]
int cpp_clear_cache(const Rcpp::List& settings) {
  return kernelops::guard([&] {
    return static_cast<int>(kernelops::session().clear_cache(kernelops::settings_from(settings)));
  });
}

// Ends the engine's threads, so that the library can be unloaded.
// [[Rcpp::export]]
void cpp_shut_down() {
  delete kernelops::running_session;
  kernelops::running_session = nullptr;
}
