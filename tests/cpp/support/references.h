// Slow and exact values of functions that the standard library lacks, to judge the vector code by.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace kernelops::testing {

// The asymptotic series from 40 on, and the reflection below 0.
inline long double digamma_reference(long double x) {
  if (x <= 0 && x == std::floor(x)) return std::numeric_limits<long double>::quiet_NaN();
  if (x < 0) {
    constexpr long double kPi = 3.14159265358979323846264338327950288L;
    const long double r = x - std::round(x);
    return digamma_reference(1 - x) - kPi / std::tan(kPi * r);
  }
  long double sum = 0;
  for (; x < 40; ++x) sum -= 1 / x;
  const long double z = 1 / (x * x);
  const long double series =
      z * (1 / 12.0L - z * (1 / 120.0L - z * (1 / 252.0L - z * (1 / 240.0L - z / 132.0L))));
  return sum + std::log(x) - 0.5L / x - series;
}

// The sum of n! / (x + k)^(n + 1) for x > 0, with Euler and Maclaurin's formula from 100 on.
inline long double polygamma_reference(long double x, long n) {
  const long double s = n + 1;
  long double sum = 0;
  for (; x < 100; ++x) sum += std::pow(x, -s);
  // B_2k / (2 k)!
  constexpr long double kBernoulli[] = {1 / 12.0L,          -1 / 720.0L,
                                        1 / 30240.0L,       -1 / 1209600.0L,
                                        1 / 47900160.0L,    -691 / 1307674368000.0L,
                                        1 / 74724249600.0L, -3617 / 10670622842880000.0L};
  long double tail = x / n + 0.5L, rising = s / x;
  for (int k = 0; k < 8; ++k) {
    tail += kBernoulli[k] * rising;
    rising *= (s + 2 * k + 1) * (s + 2 * k + 2) / (x * x);
  }
  sum += std::pow(x, -s) * tail;
  return (n % 2 != 0 ? 1 : -1) * std::tgamma(s) * sum;
}

// x^p K_nu(x) as the integral over t >= 0 of x^p e^(-x cosh t) cosh(nu t). The trapezoidal rule
// converges faster than any power of its step.
inline long double bessel_reference(long double x, long double nu, long double p) {
  const long double scale = std::hypot(x, nu);
  const long double step = std::min(1 / 32.0L, 0.25L / std::sqrt(scale));
  const auto term = [=](long double t) {
    const long double e = p * std::log(x) - x * std::cosh(t);
    return (std::exp(e + nu * t) + std::exp(e - nu * t)) / 2;
  };
  // From the largest terms outwards.
  const long double peak = std::floor(std::asinh(nu / x) / step);
  long double sum = 0;
  for (long double k = peak; k >= 0; --k) {
    const long double value = k == 0 ? term(0) / 2 : term(k * step);
    sum += value;
    if (value < sum * 1e-22L) break;
  }
  for (long double k = peak + 1;; ++k) {
    const long double value = term(k * step);
    sum += value;
    if (value <= sum * 1e-22L) break;
  }
  return sum * step;
}

}  // namespace kernelops::testing
