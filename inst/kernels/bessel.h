// The modified Bessel function of the second kind, of any real order. Each lane is computed on its
// own, in double.
#ifndef KERNELOPS_KERNELS_BESSEL_H_
#define KERNELOPS_KERNELS_BESSEL_H_

#include "vector.h"

namespace kernelops {

namespace detail {

// K_mu(x) and x / 2 K_(mu + 1)(x), |mu| <= 1/2, both times e^decay.
struct BesselPair {
  double first;
  double second;
  double decay;
};

// Temme's series, for 0 < x <= 2. N. M. Temme, On the numerical evaluation of the modified Bessel
// function of the third kind, Journal of Computational Physics 19 (1975), 324-337.
KERNELOPS_FUNCTION BesselPair bessel_k_series(double x, double mu) {
  const double z = mu * mu;
  // The odd and the even part of 1 / Gamma(1 - mu), the odd one over mu. Remez exchange on the
  // relative errors for |mu| <= 1/2, 2^-56.5 each.
  constexpr double kOdd[] = {-0x1.2788cfc6fb619p-1,  0x1.5815e8fa2707p-5,   0x1.59af103c33344p-5,
                             -0x1.d919c52721696p-8,  0x1.c364fccdd2752p-13, 0x1.51cefa27428b6p-16,
                             -0x1.3045e2b66c5acp-20, -0x1.5364748f37b68p-28};
  constexpr double kEven[] = {0x1p+0,
                              -0x1.4fcf4026afa22p-1,
                              0x1.5512320b430ap-3,
                              -0x1.3b4af282a635dp-7,
                              -0x1.317113b644dcfp-10,
                              0x1.0c8ab6177718p-13,
                              -0x1.503ccf992cfdp-20,
                              -0x1.aea9ea197410cp-23};
  double odd = 0, even = 0;
  for (int k = 7; k >= 0; --k) {
    odd = odd * z + kOdd[k];
    even = even * z + kEven[k];
  }
  const double inverse_gamma_plus = even - mu * odd;   // 1 / Gamma(1 + mu)
  const double inverse_gamma_minus = even + mu * odd;  // 1 / Gamma(1 - mu)
  // log(2 / x) and (2 / x)^mu; half of the least numbers would be inexact.
  const bool tiny = x < 0x1p-1000;
  const double base = x * (tiny ? 0x1p99 : 0.5);
  double logarithm = -__builtin_log(base);
  double growth = mu == 0 ? 1 : __builtin_pow(base, -mu);
  if (tiny) {
    logarithm += 69.314718055994530942;  // 100 log(2)
    growth *= __builtin_exp2(100 * mu);
  }
  const double sigma = mu * logarithm;
  double sinh_over_sigma;
  if (sigma < 1 && sigma > -1) {
    const double square = sigma * sigma;
    sinh_over_sigma = 1;
    for (int k = 18; k >= 2; k -= 2) {
      sinh_over_sigma = sinh_over_sigma * square / (k * (k + 1)) + 1;
    }
  } else {
    sinh_over_sigma = 0.5 * (growth - 1 / growth) / sigma;
  }
  const double cosh_sigma = 0.5 * (growth + 1 / growth);
  double f = (odd * cosh_sigma + even * logarithm * sinh_over_sigma) /
             (inverse_gamma_plus * inverse_gamma_minus);
  double p = 0.5 * growth / inverse_gamma_plus;
  double q = 0.5 / (growth * inverse_gamma_minus);
  double c = 1, first = f, second = p;
  const double quarter = 0.25 * x * x;
  for (int k = 1; k < 30; ++k) {
    const double factor = 1 / (k * k - z);
    f = (k * f + p + q) * factor;
    p *= (k + mu) * factor;
    q *= (k - mu) * factor;
    c *= quarter / k;
    const double term = c * f, other = c * (p - k * f);
    first += term;
    second += other;
    if (__builtin_fabs(term) < 0x1p-55 * __builtin_fabs(first) &&
        __builtin_fabs(other) < 0x1p-55 * __builtin_fabs(second)) {
      break;
    }
  }
  return {first, second, 0};
}

// The continued fraction of the same paper, for x > 2, from its tail to its head. With
// z_n = U(mu + 1/2 + n, 2 mu + 1, 2 x) and a_n = (n - 1/2)^2 - mu^2, the ratio is
// z_n / z_(n-1) = 1 / (2 (n + x) - a_(n+1) z_(n+1) / z_n), and z_0 follows from
// the sum over n of z_n a_1 ... a_n / n! = (2 x)^(-mu - 1/2).
KERNELOPS_FUNCTION BesselPair bessel_k_fraction(double x, double mu) {
  const double z = mu * mu;
  // Beyond `last`, the ratio of a constant fraction and a geometric series stand for the rest:
  // that saves a seventh of the terms. What is left out is below 1e-15.
  const int last = static_cast<int>(6 + 130 / x);
  const double beyond = last + 1;
  double a = (beyond + 0.5) * (beyond + 0.5) - z;
  double ratio = 1 / (beyond + x + __builtin_sqrt((beyond + x) * (beyond + x) - a));
  double sum = 1 / (1 - a / (beyond + 1) * ratio);
  for (int n = last; n >= 1; --n) {
    ratio = 1 / (2 * (n + x) - a * ratio);
    a = (n - 0.5) * (n - 0.5) - z;
    sum = 1 + a / n * ratio * sum;
  }
  const double first = __builtin_sqrt(1.57079632679489661923 / x) / sum;
  return {first, 0.5 * first * (mu + 0.5 + x - a * ratio), x};
}

// x^p K_nu(x) for nu >= 0, x > 0 and nu^2 + x^2 large: Debye's expansion, four terms of which
// leave 1e-15 from 1000 on. The rounding of the exponent, as large as nu, weighs more.
KERNELOPS_FUNCTION double bessel_k_debye(double x, double nu, double p) {
  const double root = __builtin_hypot(nu, x);
  const double t = (nu / root) * (nu / root), r = 1 / root;
  const double u1 = (3 - 5 * t) / 24;
  const double u2 = (81 + t * (-462 + t * 385)) / 1152;
  const double u3 = (30375 + t * (-369603 + t * (765765 - t * 425425))) / 414720;
  const double u4 =
      (4465125 + t * (-94121676 + t * (349922430 + t * (-446185740 + t * 185910725)))) / 39813120;
  double exponent = nu * __builtin_log(nu + root) - root;
  if (p != nu) exponent += (p - nu) * __builtin_log(x);
  // In two factors: one alone may be out of range where the result is not.
  const double half = __builtin_exp(0.5 * exponent);
  return __builtin_sqrt(1.57079632679489661923 * r) *
         (1 - r * (u1 - r * (u2 - r * (u3 - r * u4)))) * half * half;
}

// significand 2^exponent times factor, the significand again in [1/2, 1).
KERNELOPS_FUNCTION void scale_by(double& significand, int& exponent, double factor) {
  int shift = 0;
  significand = __builtin_frexp(significand * factor, &shift);
  exponent += shift;
}

// bessel_k_power of one number.
KERNELOPS_FUNCTION double bessel_k_power_lane(double x, double order, double p) {
  const double infinity = __builtin_huge_val();
  const double nu = __builtin_fabs(order);
  if (x != x || nu != nu || p != p || x < 0) return __builtin_nan("");
  if (x == 0) {
    if (p > nu) return 0;
    if (p < nu || nu == 0) return infinity;
    return 0.5 * __builtin_exp2(nu) * __builtin_tgamma(nu);
  }
  if (x == infinity) return 0;
  if (nu == infinity) return infinity;
  if (nu >= 1000 || x >= 1000) return bessel_k_debye(x, nu, p);

  const int steps = static_cast<int>(nu + 0.5);
  const double mu = nu - steps;
  BesselPair start;
  if (mu == -0.5) {
    // Elementary: sqrt(pi / (2 x)) e^-x.
    const double root = __builtin_sqrt(x);
    start = {1.25331413731550025121 / root, 0.62665706865775012560 * root, x};
  } else if (x <= 2) {
    start = bessel_k_series(x, mu);
  } else {
    start = bessel_k_fraction(x, mu);
  }
  // K_(m+1) = K_(m-1) + 2 m / x K_m, of (x / 2)^k K_(mu+k): no power of x is out of range.
  double before = start.first, current = steps == 0 ? start.first : start.second;
  int exponent = steps;
  const double quarter = 0.25 * x * x;
  for (int k = 1; k < steps; ++k) {
    const double next = quarter * before + (mu + k) * current;
    before = current;
    current = next;
    if (current > 0x1p500) {
      before *= 0x1p-500;
      current *= 0x1p-500;
      exponent += 500;
    }
  }
  // The factors one by one: their product may be in range where they are not.
  if (start.decay != 0) {
    const double decay = __builtin_exp(-0.5 * start.decay);
    scale_by(current, exponent, decay);
    scale_by(current, exponent, decay);
  }
  const double rest = p - steps;
  const double power = __builtin_pow(x, rest);
  if (power > 0x1p-900 && power < 0x1p900) {
    scale_by(current, exponent, power);
  } else {
    // Where a result is in range, its power of x is within 2^-12000 and 2^12000.
    const double root = __builtin_pow(x, 0.0625 * rest);
    for (int k = 0; k < 16; ++k) scale_by(current, exponent, root);
  }
  return __builtin_ldexp(current, exponent);
}

}  // namespace detail

// x^p K_nu(x) for x >= 0, and its limit at 0: 0 if p > |nu|, 2^(|nu| - 1) Gamma(|nu|) if
// p = |nu| > 0, and +Inf otherwise. NaN for x < 0. The relative error is below 2e-14 for |nu| up to
// 20; it grows with the order, to 1e-11 where nu or x exceeds 1000.
template <class V>
KERNELOPS_INLINE V bessel_k_power(const V& x, const V& nu, const V& p) {
  V result = x;
  for (int k = 0; k < lanes<V>; ++k) {
    result[k] = static_cast<element_t<V>>(detail::bessel_k_power_lane(x[k], nu[k], p[k]));
  }
  return result;
}

// The modified Bessel function of the second kind K_nu(x) for x >= 0; NaN for x < 0.
template <class V>
KERNELOPS_INLINE V bessel_k(const V& x, const V& nu) {
  return bessel_k_power(x, nu, V{});
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_BESSEL_H_
