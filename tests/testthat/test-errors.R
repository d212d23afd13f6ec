# Messages are snapshots; classes and fields are checked here.
args <- c("x = Vi(3)", "y = Vj(3)", "s = Pm(1)")

kernel <- function(formula, arguments = args) {
  keops_kernel(formula, arguments)
}

op <- keops_kernel("Sum_Reduction(Exp(-s * SqNorm2(x - y)), 0)", args)
x <- matrix(1, 5, 3)
y <- matrix(1, 4, 3)

test_that("a syntax error shows its place", {
  error <- expect_error(kernel("Sum_Reduction(Exp(x - y, 0)"), class = "kernelops_error_syntax")
  expect_match(conditionMessage(error), "\n +\\^")
  expect_snapshot_output(print_errors({
    keops_kernel("Sum_Reduction(Exp(x - y, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x + * y, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x $ y, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x - y, 0) 1", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x - y, 3)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Exp(x - y)", c("x = Vi(3)", "y = Vj(3)"))
  }))
})

test_that("an unknown operation or variable comes with the nearest names", {
  error <- expect_error(kernel("Sum_Reduction(Epx(x), 0)"), class = "kernelops_error")
  expect_match(conditionMessage(error), "Exp")
  error <- expect_error(kernel("Sum_Reduction(SqNorm(x), 0)"), class = "kernelops_error")
  expect_match(conditionMessage(error), "SqNorm2")
  expect_snapshot_output(print_errors({
    keops_kernel("Sum_Reduction(SqNorm(x - y), 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(exp(x - y), 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Summ_Reduction(x - y, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x - beta1, 0)", c("x = Vi(3)", "beta = Vj(3)"))
    keops_kernel("Sum_Reduction(Exp(x, y), 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(Elem(x, y), 0)", c("x = Vi(3)", "y = Vj(3)"))
  }))
})

test_that("a dimension error names the operation and both dimensions", {
  formula <- "Sum_Reduction(x + Extract(y, 0, 2), 0)"
  expect_error(kernel(formula), class = "kernelops_error_dimension")
  expect_error(kernel("Sum_Reduction(Elem(x, 3), 0)"), class = "kernelops_error")
  expect_snapshot_output(print_errors({
    keops_kernel("Sum_Reduction(x + y, 0)", c("x = Vi(3)", "y = Vj(2)"))
    keops_kernel("Sum_Reduction(SqDist(x, y), 0)", c("x = Vi(3)", "y = Vj(2)"))
    keops_kernel("Sum_Reduction(Elem(x, 3), 0)", c("x = Vi(3)", "y = Vj(2)"))
    keops_kernel("LogSumExpWeight_Reduction(x, y, 0)", c("x = Vi(3)", "y = Vj(2)"))
    keops_kernel("Sum_Reduction(Permute(x, [0, 2]), 0)", c("x = Vi(2)", "y = Vj(2)"))
    keops_kernel("Grad(Sum_Reduction(x * y, 0), x, e)", c("x = Vi(3)", "y = Vj(3)", "e = Vi(2)"))
  }))
})

test_that("comparisons, lists and internal words are refused where they do not belong", {
  expect_snapshot_output(print_errors({
    keops_kernel("Sum_Reduction(x < y < 3, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x = y, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction([1, 2], 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(Permute(x, 1), 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(Elem(x, [1]), 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(SumTo(x, 1), 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("SelectedSum_Reduction(x, 0)", c("x = Vi(3)", "y = Vj(3)"))
  }))
})

test_that("a reduction says what it takes", {
  expect_error(kernel("KMin_Reduction(x, 0, 0)"), class = "kernelops_error_argument")
  expect_error(kernel("KMin_Reduction(x, 0)"), class = "kernelops_error_syntax")
  expect_snapshot_output(print_errors({
    keops_kernel("KMin_Reduction(x, 0, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("KMin_Reduction(x, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("KMin_Reduction(x, 2.5, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("LogSumExpWeight_Reduction(x, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x, y, 0)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("ArgMin_Reduction(x, 2)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x, 0) + Sum_Reduction(y, 1)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Grad(ArgMin_Reduction(x, 0), x, x)", c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(Grad(BesselK(x, y), y, x), 0)", c("x = Vi(3)", "y = Vj(3)"))
  }))
})

test_that("a wrong declaration of a variable is refused", {
  wrong <- list(
    "x", "x = Vi", "x = Vi()", "x = Vi(0)", "x = Vi(-1)", "x = Vi(a)", "x = Vk(3)", "= Vi(3)",
    "2x = Vi(3)", "x = Vi(3", "x = Vi(0, 3, 1)", "x = Vi(2.5)"
  )
  for (declaration in wrong) {
    expect_error(
      keops_kernel("Sum_Reduction(y, 0)", c(declaration, "y = Vj(3)")), class = "kernelops_error"
    )
  }
  contradicting <- list(
    c("x = Vi(3)", "x = Vj(3)"), c("x = Vi(0,3)", "y = Vj(3)"), c("x = Vi(0,3)", "y = Vj(0,3)")
  )
  for (declarations in contradicting) {
    expect_error(kernel("Sum_Reduction(x, 0)", declarations), class = "kernelops_error")
  }
  expect_snapshot_output(print_errors({
    keops_kernel("Sum_Reduction(x, 0)", "x = Vk(3)")
    keops_kernel("Sum_Reduction(x, 0)", "x")
    keops_kernel("Sum_Reduction(x, 0)", c("x = Vi(3)", "x = Vj(3)"))
    keops_kernel("Sum_Reduction(x, 0)", c("x = Vi(0, 3)", "y = Vj(3)"))
    keops_kernel("Sum_Reduction(x, 0)", c("x = Vi(0, 3)", "y = Vj(2, 3)"))
  }))
})

test_that("arguments of keops_kernel() must have the right type", {
  expect_error(keops_kernel(1, args), class = "kernelops_error_argument")
  expect_error(keops_kernel(c("a", "b"), args), class = "kernelops_error_argument")
  expect_error(keops_kernel(NA_character_, args), class = "kernelops_error_argument")
  formula <- "Sum_Reduction(x, 0)"
  expect_error(keops_kernel(formula, list("x = Vi(3)")), class = "kernelops_error_argument")
  expect_snapshot_output(print_errors({
    keops_kernel(sum, "x = Vi(3)")
    keops_kernel("", "x = Vi(3)")
    keops_kernel("Sum_Reduction(x, 0)", 3)
    keops_kernel(c("Sum_Reduction(x, 0)", "Sum_Reduction(y, 0)"), c("x = Vi(3)", "y = Vj(3)"))
    keops_kernel(c(a = "Sum_Reduction(x, 0)", a = "Sum_Reduction(x, 1)"), "x = Vi(3)")
    keops_kernel("Sum_Reduction(x, 0)", "x = Vi(3)", sum_scheme = "fast")
    explain("op")
    keops_grad(op, "z")
    keops_grad(op, 3)
    keops_grad(keops_kernel(c(a = "Sum_Reduction(x, 0)", b = "Sum_Reduction(x, 1)"), args), "x")
  }))
})

test_that("wrong inputs are refused before any work, by name", {
  wrong <- list(
    list(), list(x), list(x, y), list(x, y, 1, 1),
    list(x, y, "1"), list(x, y, NULL), list(x, y, TRUE + 1i), list(x, sum, 1), list(x, list(y), 1),
    list(x[, 1:2], y, 1), list(x, t(y), 1), list(x, y, c(1, 2)), list(1, y, 1),
    list(x, array(1, c(4, 3, 2)), 1),
    list(x = x, y = y, z = 1), list(x = x, y = y, x = 1), list(x = x, y, 1),
    list(x, y, matrix(1, 2, 1))
  )
  for (input in wrong) {
    expect_error(op(input), class = "kernelops_error_argument")
  }
  expect_error(op(x), class = "kernelops_error_argument")
  expect_error(op(list(x, y, 1), inner_dim = "cols"), class = "kernelops_error_argument")
  expect_error(op(list(x, y, 1), inner_dim = 1), class = "kernelops_error_argument")
  expect_error(op(list(x, y, 1), inner_dim = "row"), class = "kernelops_error_argument")
  expect_snapshot_output(print_errors({
    op(list(x, y))
    op(list(x = x, y = y, z = 1))
    op(list(x = x, y, 1))
    op(list(x[, 1:2], y, 1))
    op(list(x, y, c(1, 2)))
    op(list(x, "y", 1))
    op(list(factor(1:5), y, 1))
    op(list(data.frame(1, "a", TRUE), y, 1))
    op(list(replace(x, 7, NA), y, 1))
    op(x)
    op(list(x, y, 1), inner_dim = "column")
    op(list(x, y, 1), inner_dim = "row")
  }))
})

test_that("numbers of rows must agree, and the message names both variables", {
  both <- kernel("Sum_Reduction(SqDist(x, y) * b, 0)", c("x = Vi(3)", "y = Vj(3)", "b = Vj(1)"))
  error <- expect_error(both(list(x, y, 1:3)), class = "kernelops_error_argument")
  expect_match(conditionMessage(error), "b")
  expect_match(conditionMessage(error), "y")
  expect_snapshot_output(print_errors({
    both(list(x, y, 1:3))
  }))
})

test_that("the call of an error is what the user called", {
  caught <- function(code) tryCatch(code, error = conditionCall)
  expect_identical(caught(op(list(x, y))), quote(op(list(x, y))))
  expect_identical(caught(op(x)), quote(op(x)))
  expect_identical(caught(keops_grad(op, "w")), quote(keops_grad(op, "w")))
  expect_identical(caught(use_cpu("two")), quote(use_cpu("two")))
  expect_identical(caught(kernel("x"))[[1L]], quote(keops_kernel))
  expect_identical(caught(keops_grad(keops_kernel("x", args), "x"))[[1L]], quote(keops_kernel))
})

test_that("conditions carry their class and fields", {
  error <- tryCatch(
    raise_error("compile", "it failed", list(log = "line 1", message = "not this")),
    error = identity
  )
  expect_identical(
    class(error), c("kernelops_error_compile", "kernelops_error", "error", "condition")
  )
  expect_identical(conditionMessage(error), "it failed")
  expect_identical(error$log, "line 1")
  stopped <- tryCatch(raise_error("interrupt", "stopped"), interrupt = identity)
  expect_identical(
    class(stopped),
    c("kernelops_error_interrupt", "kernelops_error", "interrupt", "error", "condition")
  )
})

# An operator that no test has compiled.
fresh_operator <- local({
  number <- 0
  function() {
    number <<- number + 1
    keops_kernel(sprintf("Sum_Reduction(Exp(-SqDist(x, y)) * %d, 0)", 7000 + number), args)
  }
})

test_that("a missing compiler says what to install and leaves the session alive", {
  new <- list(kernelops.compiler = "/nonexistent", kernelops.cache_dir = new_directory())
  fresh <- fresh_operator()
  error <- with_options(new, {
    expect_error(fresh(list(x, y, 1)), class = "kernelops_error_compile")
  })
  expect_match(conditionMessage(error), "/nonexistent", fixed = TRUE)
  expect_match(conditionMessage(error), "install")
  expect_snapshot_output(print_errors({
    with_options(new, fresh(list(x, y, 1)))
  }))
  expect_equal(c(fresh(list(x, x, 1))), rep(5 * 7001, 5))
})

test_that("a failing compiler shows its command and its log and leaves the session alive", {
  skip_on_os("windows")
  script <- tempfile("compiler-")
  writeLines(c("#!/bin/sh", "echo 'the disk is on fire' >&2", "exit 1"), script)
  Sys.chmod(script, "0755")
  new <- list(kernelops.compiler = script, kernelops.cache_dir = new_directory())
  fresh <- fresh_operator()
  error <- with_options(new, {
    expect_error(fresh(list(x, y, 1)), class = "kernelops_error_compile")
  })
  expect_match(conditionMessage(error), basename(script), fixed = TRUE)
  expect_equal(c(fresh(list(x, x, 1))), rep(5 * 7002, 5))
})

test_that("a compiler that takes the probe but fails on the kernel shows its log", {
  skip_on_os("windows")
  script <- tempfile("compiler-")
  writeLines(c(
    "#!/bin/sh",
    "case \"$*\" in",
    "  *--version*) echo 'test compiler 1.0'; exit 0 ;;",
    "esac",
    "echo 'the disk is on fire' >&2",
    "exit 1"
  ), script)
  Sys.chmod(script, "0755")
  new <- list(kernelops.compiler = script, kernelops.cache_dir = new_directory())
  error <- with_options(new, {
    fresh <- fresh_operator()
    expect_error(fresh(list(x, y, 1)), class = "kernelops_error_compile")
  })
  expect_match(conditionMessage(error), "the disk is on fire", fixed = TRUE)
  expect_match(error$log, "the disk is on fire", fixed = TRUE)
  expect_match(error$command, basename(script), fixed = TRUE)
  expect_true(file.exists(error$source))
})
