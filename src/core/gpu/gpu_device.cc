#include "core/gpu/gpu_device.h"

#include <cstring>

namespace kernelops {
namespace {

// What kernelops may use unless the user says otherwise: the rest is left to code, to other
// libraries of the process and to the display.
constexpr double kDefaultShare = 0.8;
// Large enough for the full speed of a bus, small enough to stay in a processor's last cache.
constexpr std::size_t kChunkBytes = 4 << 20;
constexpr int kChunks = 3;

std::size_t array_bytes(std::int64_t rows, std::int64_t columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) * sizeof(double);
}

}  // namespace

GpuDevice::GpuDevice(const std::shared_ptr<const CudaDriver>& driver, int ordinal,
                     std::size_t memory_cap)
    : context_(std::make_shared<CudaContext>(driver, ordinal)),
      memory_(DeviceMemory::create(context_, cap_of(memory_cap))),
      stream_(context_),
      copy_stream_(context_),
      staging_(context_, kChunkBytes, kChunks) {}

GpuDevice::~GpuDevice() { settle(); }

std::size_t GpuDevice::cap_of(std::size_t memory_cap) const {
  if (memory_cap > 0) return memory_cap;
  return static_cast<std::size_t>(kDefaultShare * static_cast<double>(properties().memory_bytes));
}

void GpuDevice::set_memory_cap(std::size_t memory_cap) {
  const std::size_t cap = cap_of(memory_cap);
  if (memory_->statistics().cap_bytes != cap) memory_->set_cap(cap);
}

void GpuDevice::settle() const noexcept {
  for (const CudaStream* stream : {&copy_stream_, &stream_}) {
    context_->release(context_->functions().cuStreamSynchronize, stream->handle());
  }
}

std::shared_ptr<DeviceArray> send_array(const std::shared_ptr<GpuDevice>& device,
                                        const double* values, std::int64_t rows,
                                        std::int64_t columns) {
  auto out = std::make_shared<DeviceArray>();
  out->device = device;
  out->rows = rows;
  out->columns = columns;
  out->memory = device->memory().allocate(array_bytes(rows, columns));
  device->staging().send(device->stream(), out->memory.address(), out->memory.bytes(),
                         [&](void* chunk, std::size_t offset, std::size_t bytes) {
                           std::memcpy(chunk, reinterpret_cast<const char*>(values) + offset,
                                       bytes);
                         });
  device->stream().wait();
  return out;
}

void fetch_array(const DeviceArray& array, double* values) {
  GpuDevice& device = *array.device;
  device.staging().receive(device.stream(), array.memory.address(),
                           array_bytes(array.rows, array.columns),
                           [&](const void* chunk, std::size_t offset, std::size_t bytes) {
                             std::memcpy(reinterpret_cast<char*>(values) + offset, chunk, bytes);
                           });
}

}  // namespace kernelops
