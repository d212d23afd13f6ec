// How kernels are called from outside: by an entry that says what the arguments are.
#ifndef KERNELOPS_TESTS_CUDA_SHIM_ENTRY_H_
#define KERNELOPS_TESTS_CUDA_SHIM_ENTRY_H_

namespace kernelops_shim {

/// As the fake driver's.
struct Entry {
  void (*run)(const Launch&);
  int most_threads;
  int arguments;
  const unsigned* argument_bytes;
};

template <int...>
struct Numbers {};
template <int count, int... numbers>
struct NumbersBelow : NumbersBelow<count - 1, count - 1, numbers...> {};
template <int... numbers>
struct NumbersBelow<0, numbers...> {
  using List = Numbers<numbers...>;
};

template <class T>
struct Plain {
  using Type = T;
};
template <class T>
struct Plain<const T> {
  using Type = T;
};

template <class... Arguments>
struct Call {
  void (*kernel)(Arguments...);
  void** arguments;

  template <int... numbers>
  void run(Numbers<numbers...>) const {
    kernel(*static_cast<typename Plain<Arguments>::Type*>(arguments[numbers])...);
  }
  static void run_thread(void* call) {
    static_cast<Call*>(call)->run(typename NumbersBelow<sizeof...(Arguments)>::List());
  }
};

template <class... Arguments>
void run_kernel(const Launch& launch, void (*kernel)(Arguments...)) {
  Call<Arguments...> call = {kernel, launch.arguments};
  run(launch, Call<Arguments...>::run_thread, &call);
}

template <class... Arguments>
struct ArgumentBytes {
  static constexpr unsigned all[] = {sizeof(Arguments)..., 0};
};

template <class... Arguments>
constexpr Entry entry(void (*)(Arguments...), void (*run)(const Launch&), int most_threads) {
  return {run, most_threads, sizeof...(Arguments), ArgumentBytes<Arguments...>::all};
}

}  // namespace kernelops_shim

/// After the kernel `name`, which may have so many threads in a block.
#define KERNELOPS_SHIM_ENTRY(name, threads)                                                      \
  static void name##_on_cpu(const ::kernelops_shim::Launch& launch) {                            \
    ::kernelops_shim::run_kernel(launch, name);                                                  \
  }                                                                                              \
  extern "C" __attribute__((visibility("default"))) const ::kernelops_shim::Entry name##_entry = \
      ::kernelops_shim::entry(name, name##_on_cpu, threads);

#endif  // KERNELOPS_TESTS_CUDA_SHIM_ENTRY_H_
