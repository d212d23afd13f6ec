#include "data.h"

#include <thread>

namespace kernelops::benchmark {

double uniform(std::uint32_t variable, std::uint32_t element) {
  std::uint32_t hash = (element + 1) * 2654435761u + variable * 2246822519u;
  hash ^= hash >> 16;
  hash *= 2246822519u;
  hash ^= hash >> 13;
  hash *= 3266489917u;
  hash ^= hash >> 16;
  return static_cast<double>(hash >> 8) / (1 << 24);
}

Matrix draw(std::uint32_t variable, std::int64_t rows, std::int64_t columns, double scale,
            ThreadPool& pool) {
  Matrix out{rows, columns, std::vector<double>(static_cast<std::size_t>(rows * columns))};
  pool.run(host_threads(), columns,
           [&](std::int64_t column, int) {
             double* const values = out.values.data() + column * rows;
             for (std::int64_t row = 0; row < rows; ++row) {
               values[row] =
                   scale * uniform(variable, static_cast<std::uint32_t>(row * columns + column));
             }
           },
           {});
  return out;
}

std::vector<Matrix> draw_all(const Task& task, std::int64_t rows, ThreadPool& pool) {
  std::vector<Matrix> out;
  out.push_back(draw(0, rows, task.dimension, task.scale, pool));
  out.push_back(draw(1, task.columns, task.dimension, task.scale, pool));
  if (has_weights(task.kind)) out.push_back(draw(2, task.columns, 1, 1, pool));
  if (has_direction(task.kind)) out.push_back(draw(3, rows, 1, 1, pool));
  return out;
}

int host_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

}  // namespace kernelops::benchmark
