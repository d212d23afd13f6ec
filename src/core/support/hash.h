// SHA-256 (FIPS 180-4), which names compiled kernels and verifies them before they are loaded.
#pragma once

#include <string>
#include <string_view>

namespace kernelops {

/// The SHA-256 digest of `bytes` as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace kernelops
