#include "core/gpu/device_memory.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <string>
#include <utility>

namespace kernelops {
namespace {

constexpr std::size_t kSmallest = 512;

// Sizes have eight steps from one power of two to the next, so that requests of nearly the same
// size share blocks and at most an eighth is wasted.
std::size_t block_size(std::size_t bytes) {
  std::size_t power = kSmallest;
  while (power <= bytes / 2) power *= 2;
  const std::size_t step = std::max(power / 8, kSmallest);
  return std::max(kSmallest, (bytes + step - 1) / step * step);
}

std::string bytes_text(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  const auto rounded = [](double number) {
    const auto tenths = static_cast<long long>(number * 10 + 0.5);
    return std::to_string(tenths / 10) +
           (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10));
  };
  if (value >= 1e9) return rounded(value / 1e9) + " GB";
  if (value >= 1e6) return rounded(value / 1e6) + " MB";
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

}  // namespace

std::shared_ptr<DeviceMemory> DeviceMemory::create(std::shared_ptr<const CudaContext> context,
                                                   std::size_t cap_bytes) {
  return std::shared_ptr<DeviceMemory>(new DeviceMemory(std::move(context), cap_bytes));
}

DeviceMemory::DeviceMemory(std::shared_ptr<const CudaContext> context, std::size_t cap_bytes)
    : context_(std::move(context)) {
  statistics_.cap_bytes = cap_bytes;
}

DeviceMemory::~DeviceMemory() { free_cached(0); }

DeviceBuffer DeviceMemory::allocate(std::size_t bytes) {
  DeviceBuffer out;
  out.pointer_ = take(std::max<std::size_t>(bytes, 1), &out.block_bytes_);
  out.bytes_ = bytes;
  out.pool_ = shared_from_this();
  return out;
}

DevicePointer DeviceMemory::take(std::size_t bytes, std::size_t* block_bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  context_->driver().check_process();
  DeviceMemoryStatistics& s = statistics_;
  ++s.requests;
  DevicePointer pointer = take_cached(bytes, block_bytes);
  if (pointer == 0) {
    // Near the cap every byte counts.
    std::size_t size = block_size(bytes);
    if (s.used_bytes + size > s.cap_bytes) size = bytes;
    if (size > s.cap_bytes || s.used_bytes > s.cap_bytes - size) throw no_room(bytes);
    free_cached(s.cap_bytes - size - s.used_bytes);
    const auto& allocate = context_->functions().cuMemAlloc;
    int code = context_->attempt(allocate, &pointer, size);
    if (code == kDriverOutOfMemory) {
      free_cached(0);
      code = context_->attempt(allocate, &pointer, size);
    }
    if (code == kDriverOutOfMemory) throw no_room(bytes);
    if (code != kDriverSuccess) {
      throw context_->error(code, allocate.name, "allocating " + bytes_text(bytes));
    }
    ++s.allocations;
    *block_bytes = size;
  }
  s.used_bytes += *block_bytes;
  s.peak_bytes = std::max(s.peak_bytes, s.used_bytes);
  return pointer;
}

// The smallest block that is large enough and not so large that most of it would be wasted.
DevicePointer DeviceMemory::take_cached(std::size_t bytes, std::size_t* block_bytes) {
  const auto found = cached_.lower_bound(bytes);
  if (found == cached_.end() || found->first > 2 * block_size(bytes)) return 0;
  // A cap that was lowered holds for blocks that are kept, too.
  if (statistics_.used_bytes + found->first > statistics_.cap_bytes) return 0;
  const DevicePointer pointer = found->second;
  *block_bytes = found->first;
  statistics_.cached_bytes -= found->first;
  cached_.erase(found);
  return pointer;
}

void DeviceMemory::give_back(DevicePointer pointer, std::size_t block_bytes) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  statistics_.used_bytes -= block_bytes;
  try {
    cached_.emplace(block_bytes, pointer);
    statistics_.cached_bytes += block_bytes;
  } catch (const std::bad_alloc&) {
    context_->release(context_->functions().cuMemFree, pointer);
  }
  free_cached(cache_limit());
}

// What the cap leaves for blocks that nobody uses.
std::size_t DeviceMemory::cache_limit() const noexcept {
  return statistics_.cap_bytes - std::min(statistics_.cap_bytes, statistics_.used_bytes);
}

// The largest blocks go first: they free most for one call.
void DeviceMemory::free_cached(std::size_t most_left) noexcept {
  while (statistics_.cached_bytes > most_left && !cached_.empty()) {
    const auto largest = std::prev(cached_.end());
    context_->release(context_->functions().cuMemFree, largest->second);
    statistics_.cached_bytes -= largest->first;
    cached_.erase(largest);
  }
}

std::size_t DeviceMemory::available() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t free_bytes = 0;
  std::size_t total = 0;
  context_->call(context_->functions().cuMemGetInfo, "asking for free memory", &free_bytes, &total);
  return std::min(cache_limit(), free_bytes + statistics_.cached_bytes);
}

std::size_t DeviceMemory::room() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cache_limit();
}

void DeviceMemory::trim() {
  const std::lock_guard<std::mutex> lock(mutex_);
  free_cached(0);
}

void DeviceMemory::set_cap(std::size_t cap_bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  statistics_.cap_bytes = cap_bytes;
  free_cached(cache_limit());
}

DeviceMemoryStatistics DeviceMemory::statistics() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return statistics_;
}

Error DeviceMemory::no_room(std::size_t bytes) const {
  const DeviceMemoryStatistics& s = statistics_;
  const DeviceProperties& device = context_->device();
  return Error(ErrorKind::memory,
               "there is no room for " + bytes_text(bytes) + " on GPU " +
                   std::to_string(device.ordinal) + " (" + device.name +
                   "): " + bytes_text(s.used_bytes) + " of " + bytes_text(s.cap_bytes) +
                   " that kernelops may use are in use, and the device has " +
                   bytes_text(device.memory_bytes) + " for all programs",
               {{"requested", std::to_string(bytes)},
                {"used", std::to_string(s.used_bytes)},
                {"cap", std::to_string(s.cap_bytes)},
                {"device_memory", std::to_string(device.memory_bytes)}});
}

DeviceBuffer::DeviceBuffer(DeviceBuffer&& other) noexcept { *this = std::move(other); }

DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
  if (this == &other) return *this;
  reset();
  pool_ = std::move(other.pool_);
  pointer_ = std::exchange(other.pointer_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  block_bytes_ = std::exchange(other.block_bytes_, 0);
  return *this;
}

void DeviceBuffer::reset() noexcept {
  if (pool_ == nullptr) return;
  pool_->give_back(pointer_, block_bytes_);
  pool_.reset();
  pointer_ = 0;
  bytes_ = 0;
  block_bytes_ = 0;
}

}  // namespace kernelops
