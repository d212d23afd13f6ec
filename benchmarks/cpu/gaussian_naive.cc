// What one writes without thinking of the machine, for orientation: compiled with -O3 and nothing
// else, one thread.

#include <cmath>
#include <cstddef>

namespace {

template <class T>
void SumNaively(const double* x, const double* y, const double* b, double s, double* out, int rows,
                int columns, int dimension) {
  for (int i = 0; i < rows; ++i) {
    double sum = 0;
    for (int j = 0; j < columns; ++j) {
      T distance = 0;
      for (int k = 0; k < dimension; ++k) {
        const T difference = static_cast<T>(x[i + static_cast<std::size_t>(k) * rows]) -
                             static_cast<T>(y[j + static_cast<std::size_t>(k) * columns]);
        distance += difference * difference;
      }
      sum += std::exp(static_cast<T>(-s) * distance) * static_cast<T>(b[j]);
    }
    out[i] = sum;
  }
}

}  // namespace

extern "C" {

void gaussian_sum_naive_float32(const double* x, const double* y, const double* b, const double* s,
                                double* out, const int* rows, const int* columns,
                                const int* dimension) {
  SumNaively<float>(x, y, b, *s, out, *rows, *columns, *dimension);
}

void gaussian_sum_naive_float64(const double* x, const double* y, const double* b, const double* s,
                                double* out, const int* rows, const int* columns,
                                const int* dimension) {
  SumNaively<double>(x, y, b, *s, out, *rows, *columns, *dimension);
}

}  // extern "C"
