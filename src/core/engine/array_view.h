// Borrowed arrays: what the engine reads and writes.
#pragma once

#include <cstdint>

namespace kernelops {

enum class ElementType { float64, int32 };

/// The value of a missing 32-bit integer, read as NaN and written where there is no row number.
constexpr std::int32_t kMissingInteger = INT32_MIN;

struct DeviceArray;

/// A matrix somebody else owns: component k of row r is at r * row_stride + k * component_stride.
/// It lies in the memory of the host, or else in that of a device, and then has no `data`.
struct ArrayView {
  const void* data = nullptr;
  ElementType type = ElementType::float64;
  std::int64_t rows = 0;
  std::int64_t dimension = 0;
  std::int64_t row_stride = 1;
  std::int64_t component_stride = 0;
  const DeviceArray* device_array = nullptr;
};

/// Component k of a matrix alone.
inline ArrayView component_of(ArrayView view, std::int64_t k) {
  const std::int64_t size = view.type == ElementType::float64 ? 8 : 4;
  view.data = static_cast<const char*>(view.data) + k * view.component_stride * size;
  view.dimension = 1;
  return view;
}

/// Where a result goes: rows x dimension, column-major. Row numbers are written from 1 on; a
/// missing one is kMissingInteger, or NaN in a float64 array.
struct OutputView {
  void* data = nullptr;
  ElementType type = ElementType::float64;
  std::int64_t rows = 0;
  std::int64_t dimension = 0;
};

}  // namespace kernelops
