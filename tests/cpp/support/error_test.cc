#include "core/support/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "support/formulas.h"

namespace kernelops {
namespace {

TEST(Error, EveryKindHasAName) {
  std::set<std::string_view> names;
  for (ErrorKind kind :
       {ErrorKind::syntax, ErrorKind::dimension, ErrorKind::argument, ErrorKind::unsupported,
        ErrorKind::compile, ErrorKind::load, ErrorKind::device, ErrorKind::memory,
        ErrorKind::interrupt, ErrorKind::internal}) {
    names.insert(error_kind_name(kind));
  }
  EXPECT_EQ(names.size(), 10u);
  EXPECT_EQ(error_kind_name(ErrorKind::syntax), "syntax");
}

TEST(Error, KeepsKindMessageAndData) {
  const Error error(ErrorKind::argument, "a problem", {{"argument", "x"}});
  EXPECT_EQ(error.kind(), ErrorKind::argument);
  EXPECT_STREQ(error.what(), "a problem");
  EXPECT_EQ(error.data().at("argument"), "x");
}

TEST(Error, PutsACaretUnderEachCharacterOfThePlace) {
  const Error error = error_at(ErrorKind::syntax, "wrong", "x + foo", {4, 7});
  EXPECT_STREQ(error.what(), "wrong\n  x + foo\n      ^^^");
  EXPECT_EQ(error.data().at("text"), "x + foo");
  EXPECT_EQ(error.data().at("position"), "5");
}

TEST(Error, PutsOneCaretUnderAnEmptyPlaceAndAtTheEnd) {
  EXPECT_STREQ(error_at(ErrorKind::syntax, "wrong", "ab", {1, 1}).what(), "wrong\n  ab\n   ^");
  EXPECT_STREQ(error_at(ErrorKind::syntax, "wrong", "ab", {2, 2}).what(), "wrong\n  ab\n    ^");
  EXPECT_STREQ(error_at(ErrorKind::syntax, "wrong", "", {0, 0}).what(), "wrong\n  \n  ^");
}

TEST(Error, ShowsATextOfSeveralLinesAsOne) {
  const Error error = error_at(ErrorKind::syntax, "wrong", "x +\n\tfoo", {5, 8});
  EXPECT_STREQ(error.what(), "wrong\n  x +  foo\n       ^^^");
  EXPECT_EQ(error.data().at("text"), "x +\n\tfoo");
}

TEST(Error, KeepsTheGivenDataBesideThePlace) {
  const Error error = error_at(ErrorKind::dimension, "wrong", "x", {0, 1}, {{"operation", "Add"}});
  EXPECT_EQ(error.data().at("operation"), "Add");
  EXPECT_EQ(error.data().at("position"), "1");
}

TEST(Error, AFailedCheckIsInternalAndNamesTheConditionAndTheFile) {
  const Error error = testing::error_of([] { KERNELOPS_CHECK(1 + 1 == 3); });
  EXPECT_EQ(error.kind(), ErrorKind::internal);
  EXPECT_CONTAINS(error.what(), "1 + 1 == 3");
  EXPECT_CONTAINS(error.what(), "error_test.cc");
  EXPECT_NO_THROW(KERNELOPS_CHECK(1 + 1 == 2));
}

}  // namespace
}  // namespace kernelops
