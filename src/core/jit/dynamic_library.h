// Shared libraries opened at run time: one path, or the first of a list that works, with the reason
// why each before it was refused.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kernelops {

/// What becomes of a library when nobody needs it any more. Those of others stay: their threads and
/// memory may outlive the code, and NVRTC loses some at each unloading.
enum class Unloading { yes, never };

/// An open library; it stays open as long as this object lives.
class DynamicLibrary {
 public:
  /// Opens `path`, a file or a name for the loader's path; on failure returns nothing and puts the
  /// system's reason into `reason`.
  static std::unique_ptr<DynamicLibrary> open(const std::string& path, Unloading unloading,
                                              std::string* reason);
  ~DynamicLibrary();
  DynamicLibrary(const DynamicLibrary&) = delete;
  DynamicLibrary& operator=(const DynamicLibrary&) = delete;

  /// The address of `name`, or nullptr and the system's reason.
  void* find(const std::string& name, std::string* reason = nullptr) const;

  /// What open() was given.
  const std::string& path() const noexcept { return path_; }

  /// The file that holds the symbol at `address`, where the system tells; else path().
  std::string file_of(const void* address) const;

 private:
  DynamicLibrary(std::string path, void* handle);

  std::string path_;
  void* handle_;
};

/// A place to look for a library.
struct LibraryCandidate {
  std::string path;
  std::string origin = {};  // who says so: an option, a variable, a kind of installation, or nobody
};

/// "path (origin): reason", a line for the user.
std::string refusal_text(const LibraryCandidate& candidate, const std::string& reason);

/// Why an opened library is not wanted, or nothing.
using LibraryCheck = std::function<std::string(const DynamicLibrary&)>;

/// What was found, and why each candidate before it was refused.
struct LibrarySearch {
  std::shared_ptr<DynamicLibrary> library;
  std::vector<std::string> refused;
};

/// The first candidate that opens and passes `check`; it is never unloaded.
LibrarySearch open_first(const std::vector<LibraryCandidate>& candidates,
                         const LibraryCheck& check);

/// The functions of `names` that a library lacks, as a refusal: "lacks the functions a and b" or,
/// if they are many, "lacks the functions a, b, c and 20 more"; or nothing.
std::string missing_functions(const DynamicLibrary& library, const std::vector<std::string>& names);

}  // namespace kernelops
