clean <- c(KERNELOPS_CXX = "", CXX = "")

test_that("a compiler that the user named is the only candidate", {
  with_environment(c(KERNELOPS_CXX = "clang++-99", CXX = "other"), {
    expect_identical(compiler_candidates(NULL), "clang++-99")
    expect_identical(compiler_candidates("/nonexistent"), "/nonexistent")
  })
})

test_that("without one, CXX, R's own compiler and the usual names are tried in this order", {
  with_environment(clean, {
    candidates <- compiler_candidates(NULL)
    expect_identical(utils::tail(candidates, 1L), "clang++")
    expect_true(all(c("c++", "g++", "clang++") %in% candidates))
    expect_false(anyDuplicated(candidates) > 0L)
    with_environment(c(CXX = "special++ -std=c++17"), {
      expect_identical(compiler_candidates(NULL)[1L], "special++")
    })
  })
})

test_that("the compilers of a Makeconf are found, C++17 first", {
  etc <- tempfile()
  dir.create(file.path(etc, "x64"), recursive = TRUE)
  expect_identical(makeconf_compilers(etc, ""), character())
  writeLines(
    c("CC = gcc", "CXX = g++ -std=gnu++14", "CXX17 = ccache clang++ -m64", "CXX17STD = -std=c++17"),
    file.path(etc, "Makeconf")
  )
  expect_identical(makeconf_compilers(etc, ""), c("ccache clang++", "g++"))
  expect_identical(makeconf_compilers(etc, "x64"), c("ccache clang++", "g++"))
  writeLines("CXX = $(BINPREF)g++", file.path(etc, "x64", "Makeconf"))
  expect_identical(makeconf_compilers(etc, "x64"), character())
})

test_that("flags are cut off", {
  expect_identical(
    without_flags(c("g++", "g++ -O2", "ccache g++ -x", "-O2", "", "/a-b/c++ -m")),
    c("g++", "g++", "ccache g++", "", "", "/a-b/c++")
  )
})
