#include "core/support/small_code.h"

#include "core/jit/compile_log.h"

#include <cstddef>

namespace kernelops {

std::string first_complaint(const std::string& log) {
  const std::size_t place = log.find("error");
  const std::size_t before = place == std::string::npos ? place : log.rfind('\n', place);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return log.empty() ? "it said nothing" : log.substr(begin, log.find('\n', begin) - begin);
}

}  // namespace kernelops
