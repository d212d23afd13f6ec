// The functions of the driver that a piece of work calls, for tests that let each of them fail.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/gpu/driver.h"
#include "fake_driver/fake_driver.h"

namespace kernelops::testing {

/// All functions of the driver.
inline const std::vector<std::string>& driver_functions() {
  static const std::vector<std::string> names = {
#define KERNELOPS_NAME(name, symbol, parameters) #name,
      KERNELOPS_DRIVER_FUNCTIONS(KERNELOPS_NAME)
#undef KERNELOPS_NAME
  };
  return names;
}

/// What gives back has nobody to tell of a failure.
inline bool gives_back(const std::string& function) {
  static const std::set<std::string> names = {
      "cuMemFree",      "cuMemFreeHost",   "cuStreamDestroy",          "cuEventDestroy",
      "cuModuleUnload", "cuCtxPopCurrent", "cuDevicePrimaryCtxRelease"};
  return names.count(function) > 0;
}

/// How often a piece of work calls each function.
template <class Work>
std::map<std::string, int> driver_calls(const Work& work) {
  std::map<std::string, int> before;
  for (const std::string& name : driver_functions()) before[name] = fake::calls(name);
  work();
  std::map<std::string, int> out;
  for (const std::string& name : driver_functions()) out[name] = fake::calls(name) - before[name];
  return out;
}

}  // namespace kernelops::testing
