// The code of reductions on vectors of lanes: structs of functions that change a state. The same
// text serves generated kernels and the compiled functions of the tables. `value` is a component of
// the formula, `weight` one of the weights, `index` the number of the row in the tile; comparisons
// are false for NaN, so that whatever compares skips it, and ties keep the earlier row because a
// later one must be strictly better.
#ifndef KERNELOPS_KERNELS_REDUCTIONS_H_
#define KERNELOPS_KERNELS_REDUCTIONS_H_

#include "math.h"
#include "order.h"

namespace kernelops {

struct SumCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& sum, const V& value, const I&) {
    sum = sum + value;
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& sum, const V& other) {
    sum = sum + other;
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& sum, double) {
    return sum;
  }
};

struct MeanCode : SumCode {
  template <class V>
  KERNELOPS_INLINE V finish(const V& sum, double rows) {
    return sum / like(sum, rows);
  }
};

// Adds `term` to sum + carry, carry taking what rounding lost (Kahan 1965, with Neumaier's test of
// which is larger left out: the carry of the merge is kept too).
template <class V>
KERNELOPS_INLINE void compensated_add(V& sum, V& carry, const V& term) {
  const V corrected = term + carry;
  const V total = sum + corrected;
  const V lost = corrected - (total - sum);
  // An infinite sum has no carry.
  carry = select(lost == lost, lost, V{});
  sum = total;
}

struct CompensatedSumCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& sum, V& carry, const V& value, const I&) {
    compensated_add(sum, carry, value);
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& sum, V& carry, const V& other_sum, const V& other_carry) {
    compensated_add(sum, carry, other_sum);
    compensated_add(sum, carry, other_carry);
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& sum, const V& carry, double) {
    return sum + carry;
  }
};

struct CompensatedMeanCode : CompensatedSumCode {
  template <class V>
  KERNELOPS_INLINE V finish(const V& sum, const V& carry, double rows) {
    return (sum + carry) / like(sum, rows);
  }
};

struct ProductCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& product, const V& value, const I&) {
    product = product * value;
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& product, const V& other) {
    product = product * other;
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& product, double) {
    return product;
  }
};

// Sums of differences from the first value of a tile, and of their squares, so that nothing
// cancels; joined by the means (Chan, Golub and LeVeque 1979).
struct VarianceCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& count, V& shift, V& sum, V& squares, const V& value, const I&) {
    shift = select(count == V{}, value, shift);
    count = count + like(count, 1);
    const V difference = value - shift;
    sum = sum + difference;
    squares = squares + difference * difference;
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& count, V& shift, V& sum, V& squares, const V& other_count,
                              const V& other_shift, const V& other_sum, const V& other_squares) {
    const V zero = {};
    const V total = count + other_count;
    const V mean = shift + select(count == zero, zero, sum / count);
    const V other_mean = other_shift + select(other_count == zero, zero, other_sum / other_count);
    const V spread = squares - select(count == zero, zero, sum * sum / count);
    const V other_spread =
        other_squares - select(other_count == zero, zero, other_sum * other_sum / other_count);
    const V apart = other_mean - mean;
    const V part = select(total == zero, zero, other_count / total);
    const V only_one = select(count == zero, other_mean, mean);
    const auto one_empty = (count == zero) | (other_count == zero);
    shift = select(one_empty, only_one, mean + apart * part);
    squares = spread + other_spread + select(one_empty, zero, apart * apart * count * part);
    sum = zero;
    count = total;
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& count, const V&, const V& sum, const V& squares, double) {
    const V one = like(count, 1);
    const V spread = squares - select(count == V{}, V{}, sum * sum / count);
    return select(count > one, spread / (count - one), like(count, __builtin_nan("")));
  }
};

struct AnyCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& any, const V& value, const I&) {
    any = select(value != V{}, like(any, 1), any);
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& any, const V& other) {
    any = maximum(any, other);
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& any, double) {
    return any;
  }
};

struct AllCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& all, const V& value, const I&) {
    all = select(value == V{}, V{}, all);
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& all, const V& other) {
    all = minimum(all, other);
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& all, double) {
    return all;
  }
};

struct CountCode : SumCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& count, const V& value, const I&) {
    count = count + select(value != V{}, like(count, 1), V{});
  }
};

template <class Order>
struct ExtremumCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& best, const V& value, const I&) {
    best = select(Order::better(value, best), value, best);
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& best, const V& other) {
    best = select(Order::better(other, best), other, best);
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& best, double) {
    return best;
  }
};

// The best value and its row. A first value is taken even if it equals the neutral element, for
// which going through the rows backwards needs no test. Merged states may come in any order: of
// equal values the earlier row stays.
template <class Order>
struct PositionCode {
  template <class V, class I>
  KERNELOPS_INLINE void update_backwards(V& best, I& at, const V& value, const I& index) {
    const auto as_good = Order::not_better(best, value);
    best = select(as_good, value, best);
    at = select(as_good, index, at);
  }
  template <class V, class I>
  KERNELOPS_INLINE void update(V& best, I& at, const V& value, const I& index) {
    const auto better = Order::better(value, best) | ((at < 0) & (value == best));
    best = select(better, value, best);
    at = select(better, index, at);
  }
  template <class V, class I>
  KERNELOPS_INLINE void merge(V& best, I& at, const V& other_best, const I& other_at) {
    const auto earlier = (other_at >= 0) & ((at < 0) | (other_at < at));
    const auto better = Order::better(other_best, best) | (earlier & (other_best == best));
    best = select(better, other_best, best);
    at = select(better, other_at, at);
  }
  template <class V, class I>
  KERNELOPS_INLINE V finish(const V& best, const I&, double) {
    return best;
  }
  template <class V, class I>
  KERNELOPS_INLINE I finish_index(const V&, const I& at, double) {
    return at;
  }
};

using MinCode = ExtremumCode<Smallest>;
using MaxCode = ExtremumCode<Largest>;
using ArgMinCode = PositionCode<Smallest>;
using ArgMaxCode = PositionCode<Largest>;

// By what the sums of exponentials are scaled when the maximum goes from `most` to the larger of it
// and `value`, and the exponential of `value` on the new scale. Equal values meet in the first
// branch so that two infinities do not make a NaN.
template <class V>
struct ExponentialStep {
  V scale;
  V term;
};

template <class V>
KERNELOPS_INLINE ExponentialStep<V> exponential_step(V& most, const V& value) {
  const V one = like(value, 1);
  const V factor = select(value == most, one, exp(-abs(value - most)));
  const auto larger = value > most;
  const ExponentialStep<V> step = {select(larger, factor, one), select(larger, one, factor)};
  most = select(larger, value, most);
  return step;
}

// The same for merges, which are run now and then.
template <class V>
struct MovedMaximum {
  V most;
  ExponentialStep<V> step;
};

template <class V>
KERNELOPS_CALLED MovedMaximum<V> moved_maximum(const V& most, const V& value) {
  MovedMaximum<V> out = {most, {}};
  out.step = exponential_step(out.most, value);
  return out;
}

template <class V>
KERNELOPS_INLINE ExponentialStep<V> merging_step(V& most, const V& other) {
  const MovedMaximum<V> moved = moved_maximum(most, other);
  most = moved.most;
  return moved.step;
}

// Sums of exponentials of a chunk of values whose maximum is known beforehand: `survey` finds it,
// `settle` gives what exponents are shifted by. Where the maximum is infinite, the values that
// equal it become 0 and the others -inf, so that two infinities do not make a NaN, and the shift is
// 0.
struct SurveyedExponentials {
  template <class V>
  KERNELOPS_INLINE void survey(V& most, const V& value) {
    most = maximum(most, value);
  }
  template <class V>
  KERNELOPS_INLINE V settle(const V& most, V* values, long long count, long long stride) {
    const auto infinite = abs(most) == like(most, __builtin_huge_val());
    if (__builtin_expect(any(infinite), 0)) replace(most, values, count, stride);
    return select(infinite, V{}, most);
  }
  template <class V>
  KERNELOPS_INLINE V exponential(const V& shift, const V& value) {
    return exp2((value - shift) * like(value, kLog2OfE));
  }

  // While maxima hardly change, values are added without a survey: on the scale of the maximum so
  // far, in one fused operation, whose rounding of the scale `factor` takes back from the sum. Sums
  // that show a much larger value are not used.
  template <class V>
  KERNELOPS_INLINE bool hold(const V& most, V& held, V& factor) {
    held = most * like(most, kLog2OfE);
    factor = exp2(-detail::fused(most, like(most, kLog2OfE), -held));
    // What the scale is rounded by stays small.
    return !any(abs(held) > like(most, 1 << 20));
  }
  template <class V>
  KERNELOPS_INLINE V held_exponential(const V& held, const V& value) {
    return exp2(value * like(value, kLog2OfE) - held);
  }
  template <class V>
  KERNELOPS_INLINE auto exceeds(const V& sum) {
    return sum > like(sum, 65536);
  }
  template <class V>
  KERNELOPS_INLINE void extend(V& sum, const V& more, const V& factor) {
    sum = sum + more * factor;
  }

 private:
  static constexpr double kLog2OfE = 1.4426950408889634;

  template <class V>
  KERNELOPS_RARE void replace(const V& most, V* values, long long count, long long stride) {
    const V infinity = like(most, __builtin_huge_val());
    for (long long k = 0; k < count; ++k) {
      V& value = values[k * stride];
      const V settled = select(value == most, V{}, select(value == value, -infinity, value));
      value = select(abs(most) == infinity, settled, value);
    }
  }
};

// The maximum m of the values and the sum of exp(value - m).
struct LogSumExpCode : SurveyedExponentials {
  template <class V>
  KERNELOPS_INLINE void add(const V& shift, V& sum, const V& value) {
    sum = sum + exponential(shift, value);
  }
  template <class V>
  KERNELOPS_INLINE void add_held(const V& held, V& sum, const V& value) {
    sum = sum + held_exponential(held, value);
  }
  template <class V, class I>
  KERNELOPS_INLINE void update(V& most, V& sum, const V& value, const I&) {
    const auto step = exponential_step(most, value);
    sum = sum * step.scale + step.term;
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& most, V& sum, const V& other_most, const V& other_sum) {
    const auto step = merging_step(most, other_most);
    sum = sum * step.scale + other_sum * step.term;
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& most, const V& sum, double) {
    return most + log(sum);
  }
  template <class V>
  KERNELOPS_INLINE V finish_max(const V& most, const V&, double) {
    return most;
  }
  template <class V>
  KERNELOPS_INLINE V finish_sum(const V&, const V& sum, double) {
    return sum;
  }
};

struct CompensatedLogSumExpCode {
  template <class V, class I>
  KERNELOPS_INLINE void update(V& most, V& sum, V& carry, const V& value, const I&) {
    const auto step = exponential_step(most, value);
    sum = sum * step.scale;
    carry = carry * step.scale;
    compensated_add(sum, carry, step.term);
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& most, V& sum, V& carry, const V& other_most, const V& other_sum,
                              const V& other_carry) {
    const auto step = merging_step(most, other_most);
    sum = sum * step.scale;
    carry = carry * step.scale;
    compensated_add(sum, carry, other_sum * step.term);
    compensated_add(sum, carry, other_carry * step.term);
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& most, const V& sum, const V& carry, double) {
    return most + log(sum + carry);
  }
  template <class V>
  KERNELOPS_INLINE V finish_max(const V& most, const V&, const V&, double) {
    return most;
  }
  template <class V>
  KERNELOPS_INLINE V finish_sum(const V&, const V& sum, const V& carry, double) {
    return sum + carry;
  }
};

// Weighted sums. `step` takes a component of the formula into the shared state; its result goes to
// the update of each component of the weights. Here the shared state is the maximum m and the sum
// of exp(value - m), and each component sums weight * exp(value - m).
struct WeightedExponentialsCode : SurveyedExponentials {
  template <class V>
  KERNELOPS_INLINE V term(const V& shift, V& total, const V& value) {
    const V out = exponential(shift, value);
    total = total + out;
    return out;
  }
  template <class V>
  KERNELOPS_INLINE V term_held(const V& held, V& total, const V& value) {
    const V out = held_exponential(held, value);
    total = total + out;
    return out;
  }
  template <class V>
  KERNELOPS_INLINE void gather(V& sum, const V& term, const V& weight) {
    sum = sum + weight * term;
  }
  template <class V, class I>
  KERNELOPS_INLINE ExponentialStep<V> step(V& most, V& total, const V& value, const I&) {
    const auto out = exponential_step(most, value);
    total = total * out.scale + out.term;
    return out;
  }
  template <class V>
  KERNELOPS_INLINE void update(V& sum, const ExponentialStep<V>& step, const V& weight) {
    sum = sum * step.scale + weight * step.term;
  }
  template <class V>
  KERNELOPS_INLINE ExponentialStep<V> merge_step(V& most, V& total, const V& other_most,
                                                 const V& other_total) {
    const auto out = merging_step(most, other_most);
    total = total * out.scale + other_total * out.term;
    return out;
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& sum, const ExponentialStep<V>& step, const V& other_sum) {
    sum = sum * step.scale + other_sum * step.term;
  }
  // log sum weight exp(value).
  template <class V>
  KERNELOPS_INLINE V finish(const V& most, const V&, const V& sum, double) {
    return most + log(sum);
  }
  template <class V>
  KERNELOPS_INLINE V finish_softmax(const V&, const V& total, const V& sum, double) {
    return sum / total;
  }
  template <class V>
  KERNELOPS_INLINE V finish_max(const V& most, const V&, const V&, double) {
    return most;
  }
  template <class V>
  KERNELOPS_INLINE V finish_sum(const V&, const V&, const V& sum, double) {
    return sum;
  }
};

struct CompensatedWeightedExponentialsCode {
  template <class V, class I>
  KERNELOPS_INLINE ExponentialStep<V> step(V& most, V& total, V& carry, const V& value, const I&) {
    const auto out = exponential_step(most, value);
    total = total * out.scale;
    carry = carry * out.scale;
    compensated_add(total, carry, out.term);
    return out;
  }
  template <class V>
  KERNELOPS_INLINE void update(V& sum, V& carry, const ExponentialStep<V>& step, const V& weight) {
    sum = sum * step.scale;
    carry = carry * step.scale;
    compensated_add(sum, carry, weight * step.term);
  }
  template <class V>
  KERNELOPS_INLINE ExponentialStep<V> merge_step(V& most, V& total, V& carry, const V& other_most,
                                                 const V& other_total, const V& other_carry) {
    const auto out = merging_step(most, other_most);
    total = total * out.scale;
    carry = carry * out.scale;
    compensated_add(total, carry, other_total * out.term);
    compensated_add(total, carry, other_carry * out.term);
    return out;
  }
  template <class V>
  KERNELOPS_INLINE void merge(V& sum, V& carry, const ExponentialStep<V>& step, const V& other_sum,
                              const V& other_carry) {
    sum = sum * step.scale;
    carry = carry * step.scale;
    compensated_add(sum, carry, other_sum * step.term);
    compensated_add(sum, carry, other_carry * step.term);
  }
  template <class V>
  KERNELOPS_INLINE V finish(const V& most, const V&, const V&, const V& sum, const V& carry,
                            double) {
    return most + log(sum + carry);
  }
  template <class V>
  KERNELOPS_INLINE V finish_softmax(const V&, const V& total, const V& total_carry, const V& sum,
                                    const V& carry, double) {
    return (sum + carry) / (total + total_carry);
  }
  template <class V>
  KERNELOPS_INLINE V finish_max(const V& most, const V&, const V&, const V&, const V&, double) {
    return most;
  }
  template <class V>
  KERNELOPS_INLINE V finish_sum(const V&, const V&, const V&, const V& sum, const V& carry,
                                double) {
    return sum + carry;
  }
};

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_REDUCTIONS_H_
