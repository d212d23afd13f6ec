#include "tasks.h"

namespace yardstick {
namespace {

template <int kDimension>
double SquaredDistance(const double* x, const double* y) {
  double sum = 0;
  for (int k = 0; k < kDimension; ++k) sum += (x[k] - y[k]) * (x[k] - y[k]);
  return sum;
}

template <int kDimension>
double Product(const double* x, const double* y) {
  double sum = 0;
  for (int k = 0; k < kDimension; ++k) sum += x[k] * y[k];
  return sum;
}

template <int kDimension, int kValues = 1>
void Gaussian(const double* x, const double* y, const double* p, double* value) {
  const double kernel = std::exp(-p[0] * SquaredDistance<kDimension>(x, y));
  for (int k = 0; k < kValues; ++k) value[k] = kernel * y[kDimension + k];
}

void Gradient(const double* x, const double* y, const double* p, double* value) {
  const double kernel = std::exp(-p[0] * SquaredDistance<3>(x, y)) * y[3] * x[3];
  for (int k = 0; k < 3; ++k) value[k] = -2 * p[0] * (x[k] - y[k]) * kernel;
}

template <int kOrder>
void Radial(const double* x, const double* y, const double* p, double* value) {
  const double q = p[0] * std::sqrt(SquaredDistance<3>(x, y));
  *value = std::exp(-q) * (1 + (kOrder > 0 ? q : 0) + (kOrder > 1 ? q * q / 3 : 0)) * y[3];
}

template <int kDimension>
void Squares(const double* x, const double* y, const double*, double* value) {
  *value = SquaredDistance<kDimension>(x, y);
}

void NegativeSquares(const double* x, const double* y, const double* p, double* value) {
  *value = -p[0] * SquaredDistance<3>(x, y);
}

void Attention(const double* x, const double* y, const double* p, double* value) {
  *value = p[0] * Product<64>(x, y);
}

void AbsoluteDifferences(const double* x, const double* y, const double*, double* value) {
  *value = std::fabs(x[0] - y[0]) + std::fabs(x[1] - y[1]) + std::fabs(x[2] - y[2]);
}

void Weighted(const double* x, const double* y, const double* p, double* value) {
  double sum = 0;
  for (int k = 0; k < 3; ++k) sum += p[k] * (x[k] - y[k]) * (x[k] - y[k]);
  *value = std::exp(-sum) * y[3];
}

void TwoKernels(const double* x, const double* y, const double* p, double* value) {
  *value = std::exp(-p[0] * SquaredDistance<3>(x, y) - p[1] * SquaredDistance<3>(x + 3, y + 3)) *
           Product<3>(x + 6, y + 6);
}

void Wave(const double* x, const double* y, const double* p, double* value) {
  *value = std::exp(-SquaredDistance<3>(x, y) / (1 + SquaredDistance<2>(x + 3, y + 3))) *
           std::cos(p[0] * Product<3>(x, y));
}

constexpr const char* kGaussian = "Exp(-s*SqDist(x,y))*b";
constexpr const char* kSquares = "SqDist(x,y)";

}  // namespace

// clang-format off
const Task kTasks[] = {
    {"Gaussian D=1", Reduction::kSum, kGaussian, "", "x=Vi(1),y=Vj(1),b=Vj(1),s=Pm(1)",
     1, 2, 1, {3}, 1, 1, 0, 0, 0.9, false, &kGaussian1, Gaussian<1>},
    {"Gaussian D=2", Reduction::kSum, kGaussian, "", "x=Vi(2),y=Vj(2),b=Vj(1),s=Pm(1)",
     2, 3, 1, {1.5}, 1, 1, 0, 0, 0.9, false, &kGaussian2, Gaussian<2>},
    {"Gaussian D=3", Reduction::kSum, kGaussian, "", "x=Vi(3),y=Vj(3),b=Vj(1),s=Pm(1)",
     3, 4, 1, {1}, 1, 1, 0, 0, 0.9, false, &kGaussian3, Gaussian<3>},
    {"Gaussian D=10", Reduction::kSum, kGaussian, "", "x=Vi(10),y=Vj(10),b=Vj(1),s=Pm(1)",
     10, 11, 1, {0.3}, 1, 1, 0, 0, 0.9, false, &kGaussian10, Gaussian<10>},
    {"Gaussian D=100", Reduction::kSum, kGaussian, "", "x=Vi(100),y=Vj(100),b=Vj(1),s=Pm(1)",
     100, 101, 1, {0.03}, 1, 1, 0, 0, 0.9, false, &kGaussian100, Gaussian<100>},
    {"Gaussian D=784", Reduction::kSum, kGaussian, "", "x=Vi(784),y=Vj(784),b=Vj(1),s=Pm(1)",
     784, 785, 1, {0.004}, 1, 1, 0, 0, 0.85, false, &kGaussian784, Gaussian<784>},
    {"Gaussian D=1000", Reduction::kSum, kGaussian, "", "x=Vi(1000),y=Vj(1000),b=Vj(1),s=Pm(1)",
     1000, 1001, 1, {0.003}, 1, 1, 0, 0, 0.85, false, &kGaussian1000, Gaussian<1000>},
    {"gradient D=3", Reduction::kSum, "Grad(Exp(-s*SqDist(x,y))*b,x,e)", "",
     "x=Vi(3),e=Vi(1),y=Vj(3),b=Vj(1),s=Pm(1)",
     4, 4, 3, {1}, 1, 1, 0, 0, 0.85, false, &kGradient, Gradient},
    {"Laplacian D=3", Reduction::kSum, "Exp(-s*Norm2(x-y))*b", "",
     "x=Vi(3),y=Vj(3),b=Vj(1),s=Pm(1)",
     3, 4, 1, {2}, 1, 1, 0, 0, 0.85, false, &kLaplacian, Radial<0>},
    {"Matern 3/2 D=3", Reduction::kSum, "(1+s*Norm2(x-y))*Exp(-s*Norm2(x-y))*b", "",
     "x=Vi(3),y=Vj(3),b=Vj(1),s=Pm(1)",
     3, 4, 1, {2}, 1, 1, 0, 0, 0.85, false, &kMaternThreeHalves, Radial<1>},
    {"Matern 5/2 D=3", Reduction::kSum,
     "(1+s*Norm2(x-y)+Square(s)*SqDist(x,y)/3)*Exp(-s*Norm2(x-y))*b", "",
     "x=Vi(3),y=Vj(3),b=Vj(1),s=Pm(1)",
     3, 4, 1, {2}, 1, 1, 0, 0, 0.85, false, &kMaternFiveHalves, Radial<2>},
    {"log-sum-exp D=3", Reduction::kLogSumExp, "-s*SqDist(x,y)", "", "x=Vi(3),y=Vj(3),s=Pm(1)",
     3, 3, 1, {1}, 1, 1, 0, 0, 0.85, false, &kLogSumExp, NegativeSquares},
    {"Gaussian D=3, b of 100", Reduction::kSum, kGaussian, "",
     "x=Vi(3),y=Vj(3),b=Vj(100),s=Pm(1)",
     3, 103, 100, {1}, 1, 1, 0, 0, 0.85, false, &kWide3, Gaussian<3, 100>},
    {"Gaussian D=100, b of 100", Reduction::kSum, kGaussian, "",
     "x=Vi(100),y=Vj(100),b=Vj(100),s=Pm(1)",
     100, 200, 100, {0.03}, 1, 1, 0, 0, 0.85, false, &kWide100, Gaussian<100, 100>},
    {"attention D=64", Reduction::kSoftMax, "s*(x|y)", "v", "x=Vi(64),y=Vj(64),v=Vj(64),s=Pm(1)",
     64, 128, 64, {0.125}, 1, 1, 0, 0, 0.8, false, &kAttention, Attention},
    {"10 nearest D=3", Reduction::kArgKMin, kSquares, "10", "x=Vi(3),y=Vj(3)",
     3, 3, 10, {}, 0, 100, 0, 0, 0.85, false, &kNearest3, Squares<3>},
    {"10 nearest D=10", Reduction::kArgKMin, kSquares, "10", "x=Vi(10),y=Vj(10)",
     10, 10, 10, {}, 0, 100, 0, 0, 0.85, false, &kNearest10, Squares<10>},
    {"10 nearest D=100", Reduction::kArgKMin, kSquares, "10", "x=Vi(100),y=Vj(100)",
     100, 100, 10, {}, 0, 100, 0, 0, 0.85, false, &kNearest100, Squares<100>},
    {"centres D=10", Reduction::kArgMin, kSquares, "", "x=Vi(10),y=Vj(10)",
     10, 10, 1, {}, 0, 1, 0, 1000, 0.85, false, &kCentres, Squares<10>},
    {"one row D=3", Reduction::kSum, kGaussian, "", "x=Vi(3),y=Vj(3),b=Vj(1),s=Pm(1)",
     3, 4, 1, {1}, 1, 1, 1, 10000000, 0.8, true, &kOneRow, Gaussian<3>},
    {"one column D=3", Reduction::kSum, kGaussian, "", "x=Vi(3),y=Vj(3),b=Vj(1),s=Pm(1)",
     3, 4, 1, {1}, 1, 1, 10000000, 1, 0.8, true, &kOneColumn, Gaussian<3>},
    {"two kernels", Reduction::kSum, "Exp(-s*SqDist(x,y))*Exp(-r*SqDist(u,v))*(a|b)", "",
     "x=Vi(3),u=Vi(3),a=Vi(3),y=Vj(3),v=Vj(3),b=Vj(3),s=Pm(1),r=Pm(1)",
     9, 9, 1, {1, 0.5}, 2, 1, 0, 0, 1 / 1.2, true, &kProduct, TwoKernels},
    {"absolute differences D=3", Reduction::kSum, "Sum(Abs(x-y))", "", "x=Vi(3),y=Vj(3)",
     3, 3, 1, {}, 0, 1, 0, 0, 0.85, false, &kAbsoluteDifferences, AbsoluteDifferences},
    {"weighted distance D=3", Reduction::kSum, "Exp(-WeightedSqDist(w,x,y))*b", "",
     "x=Vi(3),y=Vj(3),b=Vj(1),w=Pm(3)",
     3, 4, 1, {1, 0.5, 2}, 3, 1, 0, 0, 0.85, false, &kWeighted, Weighted},
    {"wave D=3", Reduction::kSum, "Exp(-SqDist(x,y)/(1+SqNorm2(u-v)))*Cos(s*(x|y))", "",
     "x=Vi(3),u=Vi(2),y=Vj(3),v=Vj(2),s=Pm(1)",
     5, 5, 1, {4}, 1, 1, 0, 0, 0.85, false, &kWave, Wave},
};
// clang-format on
const int kTaskCount = sizeof kTasks / sizeof kTasks[0];

}  // namespace yardstick
