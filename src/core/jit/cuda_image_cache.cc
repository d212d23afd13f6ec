#include "core/support/small_code.h"

#include "core/jit/cuda_image_cache.h"

#include <optional>
#include <utility>

#include "core/jit/files.h"
#include "core/support/error.h"

namespace kernelops {
namespace {

std::string suffix_of(const NvrtcFit& fit) {
  return fit.form == NvrtcFit::Form::ptx ? ".ptx" : ".cubin";
}

}  // namespace

CudaImageCache::CudaImageCache(const std::string& directory) : directory_(directory) {}

std::string CudaImageCache::key(const CudaCompiler& compiler,
                                const CudaImageRequest& request) const {
  const NvrtcFit fit = compiler.fit(request.target);
  CacheKey key;
  key.add(request.salt);
  key.add(compiler.name());
  key.add(architecture_option(fit));
  key.add(std::to_string(request.options.size()));
  for (const std::string& option : request.options) key.add(option);
  key.add(headers_.of(request.include_directory));
  key.add(request.text);
  return key.digest();
}

bool CudaImageCache::contains(const CudaCompiler& compiler, const CudaImageRequest& request) const {
  const std::string suffix = suffix_of(compiler.fit(request.target));
  return directory_.find(key(compiler, request), suffix).has_value();
}

std::string CudaImageCache::load(const CudaCompiler& compiler, const CudaImageRequest& request) {
  const std::string name = key(compiler, request);
  const std::string suffix = suffix_of(compiler.fit(request.target));
  directory_.prepare();
  if (std::optional<VerifiedFile> found = directory_.find(name, suffix)) return found->content;
  // Builds wait for each other, but never hold up images that are there already.
  const std::lock_guard<std::mutex> lock(build_mutex_);
  if (std::optional<VerifiedFile> found = directory_.find(name, suffix)) return found->content;
  return build(compiler, request, name, suffix);
}

std::string CudaImageCache::build(const CudaCompiler& compiler, const CudaImageRequest& request,
                                  const std::string& key, const std::string& suffix) const {
  ++builds_;
  // Made first: where it cannot be, the compiler would work for nothing.
  const TemporaryDirectory workplace = directory_.workplace();
  CudaSource source{request.text, "kernel.cu", request.options,
                    directory_.failed_source(key, ".cu"), request.interrupted};
  if (!request.include_directory.empty()) {
    source.options.push_back("-I" + request.include_directory);
  }
  CudaImage image = compiler.compile(source, request.target);
  const std::string file = workplace.path() + "/kernel" + suffix;
  if (const int failure = write_new_file(file, image.data); failure != 0) {
    const std::string reason = system_message(failure);
    throw Error(ErrorKind::compile,
                "the compiled kernel `" + file + "` cannot be written: " + reason,
                {{"library", file}, {"reason", reason}});
  }
  directory_.publish(key, file);
  return std::move(image.data);
}

}  // namespace kernelops
