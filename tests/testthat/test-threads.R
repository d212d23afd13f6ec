lines_file <- function(lines) {
  file <- tempfile()
  writeLines(lines, file)
  file
}

clean <- c(OMP_NUM_THREADS = "", OMP_THREAD_LIMIT = "", `_R_CHECK_LIMIT_CORES_` = "")

test_that("the default number of threads is a positive whole number", {
  expect_type(default_threads(), "integer")
  expect_gte(default_threads(), 1L)
})

test_that("the environment and options lower the number of threads", {
  with_options(list(mc.cores = NULL), {
    with_environment(clean, {
      expect_identical(default_threads(), min(available_cores(), cgroup_limit()))
      with_environment(c(OMP_NUM_THREADS = "1"), expect_identical(default_threads(), 1L))
      with_environment(c(OMP_NUM_THREADS = "1,4"), expect_identical(default_threads(), 1L))
      with_environment(c(OMP_THREAD_LIMIT = "1"), expect_identical(default_threads(), 1L))
      with_environment(c(`_R_CHECK_LIMIT_CORES_` = "TRUE"), expect_lte(default_threads(), 2L))
      with_options(list(mc.cores = 1), expect_identical(default_threads(), 1L))
    })
  })
})

test_that("nonsense in the environment is ignored", {
  with_environment(c(OMP_NUM_THREADS = "many"), {
    expect_identical(openmp_limit("OMP_NUM_THREADS"), integer())
  })
  with_environment(c(OMP_NUM_THREADS = "-2"), {
    expect_identical(openmp_limit("OMP_NUM_THREADS"), integer())
  })
})

test_that("the cores of the affinity mask are counted", {
  expect_identical(available_cores(lines_file("Cpus_allowed_list:\t0-3,8,10-11")), 7L)
  expect_identical(available_cores(lines_file("Cpus_allowed_list:\t5")), 1L)
  expect_gte(available_cores(lines_file("Name: R")), 1L)
  expect_gte(available_cores("/nonexistent"), 1L)
})

test_that("the quota of a control group counts, here and above, in version 2", {
  root <- tempfile()
  dir.create(file.path(root, "a", "b"), recursive = TRUE)
  membership <- lines_file("0::/a/b")
  expect_identical(cgroup_limit(root, membership), integer())
  writeLines("max 100000", file.path(root, "a", "b", "cpu.max"))
  expect_identical(cgroup_limit(root, membership), integer())
  writeLines("350000 100000", file.path(root, "a", "cpu.max"))
  expect_identical(cgroup_limit(root, membership), 3L)
  writeLines("50000 100000", file.path(root, "a", "b", "cpu.max"))
  expect_identical(cgroup_limit(root, membership), 1L)
  expect_identical(cgroup_limit(root, "/nonexistent"), integer())
})

test_that("the quota of a control group counts in version 1", {
  root <- tempfile()
  dir.create(file.path(root, "cpu", "a"), recursive = TRUE)
  membership <- lines_file(c("5:memory:/a", "4:cpu,cpuacct:/a"))
  writeLines("-1", file.path(root, "cpu", "a", "cpu.cfs_quota_us"))
  writeLines("100000", file.path(root, "cpu", "a", "cpu.cfs_period_us"))
  expect_identical(cgroup_limit(root, membership), integer())
  writeLines("250000", file.path(root, "cpu", "a", "cpu.cfs_quota_us"))
  expect_identical(cgroup_limit(root, membership), 2L)
})
