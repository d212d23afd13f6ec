#include "core/support/small_code.h"

#include "core/jit/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include "core/support/error.h"

namespace kernelops {

void Descriptor::reset(int number) noexcept {
  if (number_ >= 0) ::close(number_);
  number_ = number;
}

std::optional<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat information;
  if (file.number() < 0 || ::fstat(file.number(), &information) != 0 ||
      !S_ISREG(information.st_mode)) {
    return std::nullopt;
  }
  std::string content(static_cast<std::size_t>(information.st_size), '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t count = ::read(file.number(), content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    filled += static_cast<std::size_t>(count);
  }
  return content;
}

int write_new_file(const std::string& path, std::string_view content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.number() < 0) return errno;
  while (!content.empty()) {
    const ssize_t count = ::write(file.number(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

std::string system_message(int error_number) {
  return std::generic_category().message(error_number);
}

TemporaryDirectory::TemporaryDirectory(const std::string& prefix) : path_(prefix + "XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    const std::string reason = system_message(errno);
    throw Error(ErrorKind::compile,
                "cannot create a build directory `" + prefix + "*`: " + reason +
                    "; free space there or choose another cache directory",
                {{"directory", prefix}, {"reason", reason}});
  }
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kernelops
