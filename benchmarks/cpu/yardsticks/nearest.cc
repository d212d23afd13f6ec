// The ten nearest columns, and the nearest centre.

#include <limits>

#include "kernels.h"
#include "panels.h"

namespace yardstick {
namespace {

constexpr int kNearest = 10;

// Sorted lists, one for each row; the last distances stand together as thresholds.
template <class T>
struct Lists {
  alignas(kCacheLine) T thresholds[kPanelLanes<T>];
  T distances[kPanelLanes<T>][kNearest];
  int indices[kPanelLanes<T>][kNearest];

  void Clear() {
    std::fill(thresholds, thresholds + kPanelLanes<T>, std::numeric_limits<T>::infinity());
    for (int lane = 0; lane < kPanelLanes<T>; ++lane) {
      std::fill(distances[lane], distances[lane] + kNearest, std::numeric_limits<T>::infinity());
      std::fill(indices[lane], indices[lane] + kNearest, -1);
    }
  }
  void Insert(int lane, T distance, int index) {
    int place = kNearest - 1;
    for (; place > 0 && distances[lane][place - 1] > distance; --place) {
      distances[lane][place] = distances[lane][place - 1];
      indices[lane][place] = indices[lane][place - 1];
    }
    distances[lane][place] = distance;
    indices[lane][place] = index;
    thresholds[lane] = distances[lane][kNearest - 1];
  }
};

// Rare, and out of the way of the registers.
template <class T>
__attribute__((noinline)) void InsertPanel(const typename Simd<T>::Vector (*distance)[kPanelRows],
                                           unsigned rows, int first, int count, Lists<T>* lists) {
  using S = Simd<T>;
  for (; rows != 0; rows &= rows - 1) {
    const int r = __builtin_ctz(rows);
    for (int c = 0; c < count; ++c) {
      const auto threshold = S::Load(lists->thresholds + r * S::kWidth);
      unsigned lanes = Operations<T>::Below(distance[c][r], threshold);
      if (lanes == 0) continue;
      alignas(kCacheLine) T values[S::kWidth];
      S::Store(values, distance[c][r]);
      for (; lanes != 0; lanes &= lanes - 1) {
        const int lane = __builtin_ctz(lanes);
        lists->Insert(r * S::kWidth + lane, values[lane], first + c);
      }
    }
  }
}

template <class T, int kDimension>
class NearestBlock {
 public:
  using S = Simd<T>;
  using Vector = typename S::Vector;

  NearestBlock(const Problem& problem, const Panels<T>& panels)
      : problem_(problem), panels_(panels), block_(kDimension * kPanelLanes<T>) {}

  void Start(int first) {
    PackBlock<T>(problem_, first, kDimension, 1, block_.data());
    lists_.Clear();
  }
  void Meet(int begin, int end) {
    for (int number = begin; number < end; ++number) {
      Vector distance[kPanelColumns][kPanelRows];
      SetZero<T>(distance);
      MeetPanel<T, Form::kSquares>(block_.data(), panels_.panel(number), kDimension, distance);
      unsigned rows = 0;
#pragma GCC unroll 8
      for (int r = 0; r < kPanelRows; ++r) {
        Vector least = distance[0][r];
#pragma GCC unroll 16
        for (int c = 1; c < kPanelColumns; ++c) {
          least = Operations<T>::Minimum(distance[c][r], least);
        }
        const Vector threshold = S::Load(lists_.thresholds + r * S::kWidth);
        rows |= unsigned(Operations<T>::Below(least, threshold) != 0) << r;
      }
      if (__builtin_expect(rows != 0, 0)) {
        // A copy, because what has an address does not stay in registers.
        Vector copy[kPanelColumns][kPanelRows];
#pragma GCC unroll 16
        for (int c = 0; c < kPanelColumns; ++c) {
#pragma GCC unroll 8
          for (int r = 0; r < kPanelRows; ++r) copy[c][r] = distance[c][r];
        }
        const int j = number * kPanelColumns;
        InsertPanel<T>(copy, rows, j, std::min(kPanelColumns, problem_.column_count - j), &lists_);
      }
    }
  }
  void Finish(int first, int count) {
    for (int lane = 0; lane < count; ++lane) {
      for (int k = 0; k < kNearest; ++k) {
        const int index = lists_.indices[lane][k];
        problem_.result(first + lane, k) = index < 0 ? NAN : index + 1;
      }
    }
  }

 private:
  const Problem& problem_;
  const Panels<T>& panels_;
  AlignedArray<T> block_;
  Lists<T> lists_;
};

template <class T, int kDimension>
void FindNearest(const Problem& problem) {
  const Panels<T> panels(problem, kDimension, 1);
  SweepBlocks<T>(problem, panels.count(), PanelsPerTile<T>(kDimension, 1),
                 [&] { return std::make_unique<NearestBlock<T, kDimension>>(problem, panels); });
}

// Only the panel of the nearest column is kept; a second look at that panel finds the column.
template <class T, int kDimension>
void FindCentre(const Problem& problem) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  const Panels<T> panels(problem, kDimension, 1);
  ForBlocks(problem, kPanelLanes<T>, [&] {
    return [&](int first, int count) {
      alignas(kCacheLine) T block[kDimension * kPanelLanes<T>];
      PackBlock<T>(problem, first, kDimension, 1, block);
      Vector least[kPanelRows], where[kPanelRows];
      for (int r = 0; r < kPanelRows; ++r) {
        least[r] = S::Broadcast(std::numeric_limits<T>::infinity());
        where[r] = S::Zero();
      }
      for (int number = 0; number < panels.count(); ++number) {
        Vector distance[kPanelColumns][kPanelRows];
        SetZero<T>(distance);
        MeetPanel<T, Form::kSquares>(block, panels.panel(number), kDimension, distance);
        const Vector here = S::Broadcast(static_cast<T>(number));
#pragma GCC unroll 8
        for (int r = 0; r < kPanelRows; ++r) {
          Vector of_panel = distance[0][r];
#pragma GCC unroll 16
          for (int c = 1; c < kPanelColumns; ++c) {
            of_panel = Operations<T>::Minimum(distance[c][r], of_panel);
          }
          where[r] = Operations<T>::IfBelow(of_panel, least[r], here, where[r]);
          least[r] = Operations<T>::Minimum(of_panel, least[r]);
        }
      }
      alignas(kCacheLine) T numbers[kPanelLanes<T>];
      for (int r = 0; r < kPanelRows; ++r) S::Store(numbers + r * S::kWidth, where[r]);
      for (int lane = 0; lane < count; ++lane) {
        const int number = static_cast<int>(numbers[lane]);
        const T* panel = panels.panel(number);
        T distance[kPanelColumns] = {};
        for (int k = 0; k < kDimension; ++k) {
          for (int c = 0; c < kPanelColumns; ++c) {
            const T difference = block[k * kPanelLanes<T> + lane] - panel[k * kPanelColumns + c];
            distance[c] += difference * difference;
          }
        }
        const int c =
            static_cast<int>(std::min_element(distance, distance + kPanelColumns) - distance);
        // A copy of the last column that fills its panel comes after it and is never chosen.
        problem.result(first + lane, 0) = number * kPanelColumns + c + 1;
      }
    };
  });
}

// Minima 1, and a comparison (with a choice and a minimum for centres) for each panel.
template <int kDimension>
constexpr Yardstick MakeNearest() {
  constexpr double kSlots = 2 * kDimension + 1 + 1.0 / kPanelColumns;
  return {FindNearest<float, kDimension>, FindNearest<double, kDimension>, kSlots, kSlots};
}
constexpr double kCentreSlots = 20 + 1 + 2.0 / kPanelColumns;

}  // namespace

const Yardstick kNearest3 = MakeNearest<3>();
const Yardstick kNearest10 = MakeNearest<10>();
const Yardstick kNearest100 = MakeNearest<100>();
const Yardstick kCentres = {FindCentre<float, 10>, FindCentre<double, 10>, kCentreSlots,
                            kCentreSlots};

}  // namespace yardstick
