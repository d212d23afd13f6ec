#include "core/gpu/stream.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace kernelops {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kNonBlocking = 1;
constexpr unsigned kWithTiming = 0;
constexpr std::chrono::milliseconds kQuestionInterval(50);
constexpr std::chrono::microseconds kSpin(200);
constexpr std::chrono::microseconds kLongestPause(1000);

bool is_done(const CudaContext& context, int code, const char* call) {
  if (code == kDriverNotReady) return false;
  if (code != kDriverSuccess) throw context.error(code, call, "computing");
  return true;
}

// Asks `interrupted` now and then until something is done; whether the answer was a yes.
template <typename Done>
bool is_stopped_before(const Done& done, const std::function<bool()>& interrupted) {
  if (!interrupted) return false;
  const Clock::time_point start = Clock::now();
  Clock::time_point next_question = start + kQuestionInterval;
  std::chrono::microseconds pause(20);
  while (!done()) {
    const Clock::time_point now = Clock::now();
    if (now >= next_question) {
      if (interrupted()) return true;
      next_question = Clock::now() + kQuestionInterval;
    } else if (now - start > kSpin) {
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, kLongestPause);
    }
  }
  return false;
}

[[noreturn]] void stop() { throw Error(ErrorKind::interrupt, "the computation was interrupted"); }

}  // namespace

CudaEvent::CudaEvent(std::shared_ptr<const CudaContext> context) : context_(std::move(context)) {
  context_->call(context_->functions().cuEventCreate, "making a mark", &event_, kWithTiming);
}

CudaEvent::~CudaEvent() { context_->release(context_->functions().cuEventDestroy, event_); }

void CudaEvent::record(const CudaStream& stream) {
  context_->call(context_->functions().cuEventRecord, "setting a mark", event_, stream.handle());
}

bool CudaEvent::is_done() const {
  const auto& query = context_->functions().cuEventQuery;
  return kernelops::is_done(*context_, context_->attempt(query, event_), query.name);
}

void CudaEvent::wait(const std::function<bool()>& interrupted) const {
  const bool stopped = is_stopped_before([this] { return is_done(); }, interrupted);
  context_->call(context_->functions().cuEventSynchronize, "computing", event_);
  if (stopped) stop();
}

double CudaEvent::seconds_since(const CudaEvent& start) const {
  float milliseconds = 0;
  context_->call(context_->functions().cuEventElapsedTime, "measuring time", &milliseconds,
                 start.event_, event_);
  return static_cast<double>(milliseconds) / 1000;
}

CudaStream::CudaStream(std::shared_ptr<const CudaContext> context) : context_(std::move(context)) {
  context_->call(context_->functions().cuStreamCreate, "making a queue", &stream_, kNonBlocking);
}

CudaStream::~CudaStream() { context_->release(context_->functions().cuStreamDestroy, stream_); }

void CudaStream::send(DevicePointer to, const void* from, std::size_t bytes) const {
  if (bytes == 0) return;
  context_->call(context_->functions().cuMemcpyHtoDAsync, "sending data", to, from, bytes, stream_);
}

void CudaStream::receive(void* to, DevicePointer from, std::size_t bytes) const {
  if (bytes == 0) return;
  context_->call(context_->functions().cuMemcpyDtoHAsync, "fetching results", to, from, bytes,
                 stream_);
}

void CudaStream::fill(DevicePointer to, unsigned char value, std::size_t bytes) const {
  if (bytes == 0) return;
  context_->call(context_->functions().cuMemsetD8Async, "filling memory", to, value, bytes,
                 stream_);
}

void CudaStream::wait_for(const CudaEvent& event) const {
  context_->call(context_->functions().cuStreamWaitEvent, "ordering work", stream_, event.handle(),
                 0u);
}

bool CudaStream::is_done() const {
  const auto& query = context_->functions().cuStreamQuery;
  return kernelops::is_done(*context_, context_->attempt(query, stream_), query.name);
}

void CudaStream::wait(const std::function<bool()>& interrupted) const {
  const bool stopped = is_stopped_before([this] { return is_done(); }, interrupted);
  // Also where the queue is empty already: this call tells of failures.
  context_->call(context_->functions().cuStreamSynchronize, "computing", stream_);
  if (stopped) stop();
}

}  // namespace kernelops
