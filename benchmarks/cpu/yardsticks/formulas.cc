// Sums of formulas of few components.

#include "kernels.h"
#include "pair_sums.h"

namespace yardstick {
namespace {

// Even polynomials of cos(2 pi f), lowest degree first, interpolated at Chebyshev's points.
constexpr double kCosine6[] = {  // f in [-1/2, 1/2], error 1.1e-08
    0.9999999889445764, -19.73920446657614,  64.93911592834654, -85.45011342750612,
    60.16742979196077,  -25.966884612677383, 6.527705963151927};
constexpr double kCosine11[] = {  // f in [-1/2, 1/2], error 1.5e-19
    1.0,
    -19.739208802178716,
    64.93939402266825,
    -85.45681720669127,
    60.24464137178173,
    -26.42625678121189,
    7.903536340077173,
    -1.7143904138098518,
    0.28200407958316315,
    -0.03637490036340231,
    0.003758590561310354,
    -0.0002900600501912893};

// Exp(-s |x - y|^2) b, s >= 0.
template <class T, int kDimension>
struct Gaussian : DistanceFormula<T, kDimension> {
  static constexpr double kSlots = 2 * kDimension + Simd<T>::kExponentialInstructions;
  explicit Gaussian(const Problem& problem)
      : DistanceFormula<T, kDimension>(std::sqrt(problem.parameters[0] * kLog2OfE)) {}

  template <int kRows>
  struct Constants {
    using Vector = typename Simd<T>::Vector;
    typename Simd<T>::Exponential exponential;
    explicit Constants(const Gaussian&) {}
    void Update(const Vector (*rows)[kRows], const T* column, Vector (*sums)[kRows]) const {
      Vector coefficients[Simd<T>::kCoefficients], difference[kDimension][kRows], t[kRows];
      LoadCoefficients(column + kDimension, coefficients);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) t[r] = Simd<T>::Zero();
      NegativeSquares<T, kDimension, kRows>(rows, column, difference, t);
      exponential.template Accumulate<kRows>(t, coefficients, sums[0]);
    }
  };
};

// Exp(-WeightedSqDist(w, x, y)) b, weights >= 0 go into the coordinates.
template <class T>
struct Weighted : Gaussian<T, 3> {
  explicit Weighted(const Problem& problem) : Gaussian<T, 3>(problem) {
    for (int k = 0; k < 3; ++k) this->scale[k] = std::sqrt(problem.parameters[k] * kLog2OfE);
  }
};

// The gradient in x of the Gaussian sum times e: -2 s e_i sum_j (x - y) Exp(..) b.
template <class T>
struct Gradient : DistanceFormula<T, 3> {
  static constexpr int kSums = 3;
  static constexpr double kSlots = 6 + Simd<T>::kExponentialInstructions + 3;
  double factor;
  explicit Gradient(const Problem& problem)
      : DistanceFormula<T, 3>(std::sqrt(problem.parameters[0] * kLog2OfE)),
        factor(-2 * std::sqrt(problem.parameters[0] / kLog2OfE)) {}
  void Finish(const Problem& problem, int i, const double* totals, int stride) const {
    for (int k = 0; k < 3; ++k) {
      problem.result(i, k) = factor * problem.row(i, 3) * totals[k * stride];
    }
  }

  template <int kRows>
  struct Constants {
    using Vector = typename Simd<T>::Vector;
    typename Simd<T>::Exponential exponential;
    explicit Constants(const Gradient&) {}
    void Update(const Vector (*rows)[kRows], const T* column, Vector (*sums)[kRows]) const {
      Vector coefficients[Simd<T>::kCoefficients], difference[3][kRows], t[kRows], value[kRows];
      LoadCoefficients(column + 3, coefficients);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) t[r] = Simd<T>::Zero();
      NegativeSquares<T, 3, kRows>(rows, column, difference, t);
      Powers<T, kRows>(exponential, t, coefficients, value);
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          sums[k][r] = Simd<T>::MultiplyAdd(value[r], difference[k][r], sums[k][r]);
        }
      }
    }
  };
};

// Exp(-q) p(q) b with q = c |x - y|: Laplacian p = 1, Matern 3/2 p = 1 + q, Matern 5/2
// p = 1 + q + q^2 / 3. Coordinates are scaled so that the distance is q / ln 2.
template <class T, int kOrder>
struct Radial : DistanceFormula<T, 3> {
  static constexpr double kSlots = 6 + Operations<T>::kSquareRootSlots +
                                   Simd<T>::kExponentialInstructions +
                                   (kOrder == 0 ? 0 : kOrder + 1);
  explicit Radial(const Problem& problem)
      : DistanceFormula<T, 3>(problem.parameters[0] * kLog2OfE) {}

  template <int kRows>
  struct Constants {
    using S = Simd<T>;
    using Vector = typename S::Vector;
    typename S::Exponential exponential;
    Vector one = S::Broadcast(1), linear = S::Broadcast(T(-kLnOf2)),
           square = S::Broadcast(T(kLnOf2 * kLnOf2 / 3));
    explicit Constants(const Radial&) {}
    void Update(const Vector (*rows)[kRows], const T* column, Vector (*sums)[kRows]) const {
      Vector coefficients[S::kCoefficients], difference[kRows], squares[kRows], t[kRows];
      LoadCoefficients(column + 3, coefficients);
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          difference[r] = S::Subtract(rows[k][r], S::Broadcast(column[k]));
          squares[r] = k == 0 ? S::Multiply(difference[r], difference[r])
                              : S::MultiplyAdd(difference[r], difference[r], squares[r]);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) t[r] = Operations<T>::NegativeSquareRoot(squares[r]);
      if constexpr (kOrder == 0) {
        exponential.template Accumulate<kRows>(t, coefficients, sums[0]);
      } else {
        Vector value[kRows];
        Powers<T, kRows>(exponential, t, coefficients, value);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          Vector factor = S::MultiplyAdd(t[r], linear, one);
          if constexpr (kOrder == 2) factor = S::MultiplyAdd(squares[r], square, factor);
          sums[0][r] = S::MultiplyAdd(value[r], factor, sums[0][r]);
        }
      }
    }
  };
};

// Sum(Abs(x - y)).
template <class T>
struct AbsoluteDifferences : DistanceFormula<T, 3> {
  static constexpr int kColumnValues = 3;
  static constexpr double kSlots = 9;
  explicit AbsoluteDifferences(const Problem&) {}
  void PackColumn(const Problem& problem, int j, T* to) const {
    this->PackCoordinates(problem, j, to);
  }

  template <int kRows>
  struct Constants {
    using Vector = typename Simd<T>::Vector;
    explicit Constants(const AbsoluteDifferences&) {}
    void Update(const Vector (*rows)[kRows], const T* column, Vector (*sums)[kRows]) const {
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        Vector distance[3];
#pragma GCC unroll 3
        for (int k = 0; k < 3; ++k) {
          distance[k] =
              Operations<T>::Absolute(Simd<T>::Subtract(rows[k][r], Simd<T>::Broadcast(column[k])));
        }
        sums[0][r] = Operations<T>::Add(
            Operations<T>::Add(Operations<T>::Add(distance[0], distance[1]), distance[2]),
            sums[0][r]);
      }
    }
  };
};

// Exp(-s |x - y|^2) Exp(-r |u - v|^2) (a | b), three components each: one exponential of a sum.
template <class T>
struct Product : DistanceFormula<T, 6> {
  static constexpr int kRowValues = 9;
  static constexpr int kColumnValues = 9;
  static constexpr double kSlots = 12 + 3 + Simd<T>::kExponentialInstructions + 1;
  explicit Product(const Problem& problem) {
    for (int k = 0; k < 6; ++k) {
      this->scale[k] = std::sqrt(problem.parameters[k / 3] * kLog2OfE);
    }
  }
  template <int kLanes>
  void PackBlock(const Problem& problem, int first, T (*block)[kLanes]) const {
    DistanceFormula<T, 6>::PackBlock(problem, first, block);
    for (int k = 6; k < 9; ++k) PackRows<T, kLanes>(problem, first, k, 1, block[k]);
  }
  void PackColumn(const Problem& problem, int j, T* to) const {
    this->PackCoordinates(problem, j, to);
    for (int k = 6; k < 9; ++k) to[k] = static_cast<T>(problem.column(j, k));
  }

  template <int kRows>
  struct Constants {
    using S = Simd<T>;
    using Vector = typename S::Vector;
    typename S::Exponential exponential;
    Vector coefficients[S::kCoefficients];
    explicit Constants(const Product&) {
      T values[S::kCoefficients];
      PackCoefficients<T>(1, values);
      LoadCoefficients(values, coefficients);
    }
    void Update(const Vector (*rows)[kRows], const T* column, Vector (*sums)[kRows]) const {
      Vector difference[6][kRows], t[kRows], value[kRows], dot[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) t[r] = S::Zero();
      NegativeSquares<T, 6, kRows>(rows, column, difference, t);
      Powers<T, kRows>(exponential, t, coefficients, value);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) dot[r] = S::Multiply(rows[6][r], S::Broadcast(column[6]));
#pragma GCC unroll 2
      for (int k = 7; k < 9; ++k) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          dot[r] = S::MultiplyAdd(rows[k][r], S::Broadcast(column[k]), dot[r]);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        sums[0][r] = S::MultiplyAdd(value[r], dot[r], sums[0][r]);
      }
    }
  };
};

// Exp(-|x - y|^2 / (1 + |u - v|^2)) Cos(s (x | y)), x of three components, u of two. A third copy
// of y holds the factor that makes (x | y) turns.
template <class T>
struct Wave : DistanceFormula<T, 3> {
  using S = Simd<T>;
  static constexpr int kRowValues = 5;
  static constexpr int kColumnValues = 8;
  static constexpr int kTerms = sizeof(T) == 4 ? 7 : 12;
  static constexpr const double* kCosine = sizeof(T) == 4 ? kCosine6 : kCosine11;
  static constexpr double kSlots = 6 + 3 + 4 + Operations<T>::kReciprocalSlots + 1 +
                                   S::kExponentialInstructions + 2 + (kTerms - 1) + 1;
  double turns;
  explicit Wave(const Problem& problem)
      : DistanceFormula<T, 3>(std::sqrt(kLog2OfE)),
        turns(problem.parameters[0] / 6.283185307179586 / std::sqrt(kLog2OfE)) {}
  template <int kLanes>
  void PackBlock(const Problem& problem, int first, T (*block)[kLanes]) const {
    DistanceFormula<T, 3>::PackBlock(problem, first, block);
    for (int k = 3; k < 5; ++k) PackRows<T, kLanes>(problem, first, k, 1, block[k]);
  }
  void PackColumn(const Problem& problem, int j, T* to) const {
    this->PackCoordinates(problem, j, to);
    for (int k = 0; k < 3; ++k) to[3 + k] = static_cast<T>(problem.column(j, k) * turns);
    for (int k = 3; k < 5; ++k) to[3 + k] = static_cast<T>(problem.column(j, k));
  }

  template <int kRows>
  struct Constants {
    using Vector = typename S::Vector;
    typename S::Exponential exponential;
    Vector coefficients[S::kCoefficients], cosine[kTerms];
    explicit Constants(const Wave&) {
      T values[S::kCoefficients];
      PackCoefficients<T>(1, values);
      LoadCoefficients(values, coefficients);
      for (int k = 0; k < kTerms; ++k) cosine[k] = S::Broadcast(T(kCosine[k]));
    }
    void Update(const Vector (*rows)[kRows], const T* column, Vector (*sums)[kRows]) const {
      Vector difference[3][kRows], t[kRows], value[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) t[r] = S::Zero();
      NegativeSquares<T, 3, kRows>(rows, column, difference, t);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        Vector squares = S::Broadcast(1);
#pragma GCC unroll 2
        for (int k = 3; k < 5; ++k) {
          const Vector d = S::Subtract(rows[k][r], S::Broadcast(column[3 + k]));
          squares = S::MultiplyAdd(d, d, squares);
        }
        t[r] = S::Multiply(t[r], Operations<T>::Reciprocal(squares));
      }
      Powers<T, kRows>(exponential, t, coefficients, value);
      Vector wave[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        Vector turn = S::Multiply(rows[0][r], S::Broadcast(column[3]));
        turn = S::MultiplyAdd(rows[1][r], S::Broadcast(column[4]), turn);
        turn = S::MultiplyAdd(rows[2][r], S::Broadcast(column[5]), turn);
        turn = Operations<T>::Fraction(turn);
        t[r] = S::Multiply(turn, turn);
        wave[r] = cosine[kTerms - 1];
      }
#pragma GCC unroll 16
      for (int k = kTerms - 2; k >= 0; --k) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) wave[r] = S::MultiplyAdd(wave[r], t[r], cosine[k]);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        sums[0][r] = S::MultiplyAdd(value[r], wave[r], sums[0][r]);
      }
    }
  };
};

template <template <class> class Formula, int kRows32, int kRows64>
constexpr Yardstick Make() {
  return {SumPairs<float, Formula<float>, kRows32>, SumPairs<double, Formula<double>, kRows64>,
          Formula<float>::kSlots, Formula<double>::kSlots};
}

template <class T>
using Gaussian1 = Gaussian<T, 1>;
template <class T>
using Gaussian2 = Gaussian<T, 2>;
template <class T>
using Gaussian3 = Gaussian<T, 3>;
template <class T>
using Laplacian = Radial<T, 0>;
template <class T>
using MaternThreeHalves = Radial<T, 1>;
template <class T>
using MaternFiveHalves = Radial<T, 2>;

}  // namespace

const Yardstick kGaussian1 = Make<Gaussian1, 4, 4>();
const Yardstick kGaussian2 = Make<Gaussian2, 4, 4>();
const Yardstick kGaussian3 = Make<Gaussian3, 8, 8>();
const Yardstick kGradient = Make<Gradient, 3, 3>();
const Yardstick kLaplacian = Make<Laplacian, 8, 8>();
const Yardstick kMaternThreeHalves = Make<MaternThreeHalves, 6, 8>();
const Yardstick kMaternFiveHalves = Make<MaternFiveHalves, 6, 4>();
const Yardstick kAbsoluteDifferences = Make<AbsoluteDifferences, 6, 6>();
const Yardstick kWeighted = Make<Weighted, 8, 8>();
const Yardstick kProduct = Make<Product, 4, 4>();
const Yardstick kWave = Make<Wave, 4, 4>();

}  // namespace yardstick
