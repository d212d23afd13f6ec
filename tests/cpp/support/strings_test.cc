#include "core/support/strings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

namespace kernelops {
namespace {

using Texts = std::vector<std::string>;

TEST(Strings, JoinPutsSeparatorsBetween) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
}

TEST(Strings, NumberTextIsShort) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(-0.0), "-0");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(-2), "-2");
  EXPECT_EQ(number_text(1e100), "1e+100");
}

TEST(Strings, NumberTextNamesWhatIsNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(number_text(infinity), "inf");
  EXPECT_EQ(number_text(-infinity), "-inf");
  EXPECT_EQ(number_text(std::nan("")), "nan");
}

TEST(Strings, NumberTextReadsBackAsTheSameNumber) {
  using Limits = std::numeric_limits<double>;
  std::vector<double> values = {Limits::min(), Limits::max(), Limits::denorm_min(),
                                1.0 / 3,       2.0 / 3,       std::nextafter(1, 2)};
  std::mt19937_64 random(1);
  while (values.size() < 2000) {
    const std::uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) values.push_back(value);
  }
  for (const double value : values) {
    EXPECT_EQ(std::strtod(number_text(value).c_str(), nullptr), value) << number_text(value);
  }
}

TEST(Strings, NearestWordsAreOrderedByDistance) {
  EXPECT_EQ(nearest_words("Exq", {"Sqrt", "Exp", "Log"}), Texts{"Exp"});
  EXPECT_EQ(nearest_words("Square", {"Sqare", "Square2x", "Square"}),
            (Texts{"Square", "Sqare", "Square2x"}));
}

TEST(Strings, NearestWordsIgnoreCaseAndSwaps) {
  EXPECT_EQ(nearest_words("SQRT", {"Sqrt"}), Texts{"Sqrt"});
  EXPECT_EQ(nearest_words("Sqtr", {"Sqrt"}), Texts{"Sqrt"});
}

TEST(Strings, NearestWordsAreFewAndAlike) {
  EXPECT_EQ(nearest_words("aaaa", {"aaab", "aaac", "aaad", "aaae"}).size(), 3u);
  EXPECT_EQ(nearest_words("aaaa", {"aaab", "aaac"}, 1).size(), 1u);
  EXPECT_TRUE(nearest_words("completely", {"different"}).empty());
  EXPECT_TRUE(nearest_words("x", {"y"}).empty());
  EXPECT_TRUE(nearest_words("", {"y"}).empty());
}

TEST(Strings, DidYouMeanIsAHintOrNothing) {
  EXPECT_EQ(did_you_mean("Exq", {"Exp"}), "; did you mean `Exp`?");
  EXPECT_EQ(did_you_mean("aab", {"aaa", "aac"}), "; did you mean `aaa` or `aac`?");
  EXPECT_EQ(did_you_mean("zzz", {"Exp"}), "");
}

}  // namespace
}  // namespace kernelops
