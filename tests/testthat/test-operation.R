huber <- function() {
  keops_operation(
    "Huber", "fabs(x) < 1 ? 0.5 * x * x : fabs(x) - 0.5",
    grad = "Clamp(x, -1, 1) * g", reference = "ifelse(abs(x) < 1, x^2 / 2, abs(x) - 0.5)",
    documentation = "Loss that is quadratic near 0."
  )
}
huber_value <- function(x) ifelse(abs(x) < 1, x^2 / 2, abs(x) - 0.5)

test_that("an operation of one's own stands in formulas, in both precisions, with gradients", {
  expect_identical(huber(), "Huber")
  op <- keops_kernel("Sum_Reduction(Huber(x - y) * b, 0)", c("x = Vi(3)", "y = Vj(3)", "b = Vj(1)"))
  x <- uniform(11, 3, -3, 3, seed = 1)
  y <- uniform(7, 3, -3, 3, seed = 2)
  b <- uniform(7, 1, seed = 3)
  expected <- t(vapply(1:11, function(i) {
    colSums(huber_value(rep(x[i, ], each = 7) - y) * c(b))
  }, numeric(3)))
  expect_close(op(list(x, y, b)), expected, 1e-14)
  single <- with_options(list(kernelops.precision = "float32"), op(list(x, y, b)))
  expect_close(single, expected, 2e-6)
  for (variable in c("x", "y", "b")) expect_gradient(op, list(x = x, y = y, b = b), variable)
})

test_that("operations have up to three arguments and the functions of C", {
  keops_operation("Wave", "exp(-x * x) * sin(3 * y) + pow(z, 2)",
    grad = c(
      "-2 * x * Exp(-Square(x)) * Sin(3 * y) * g", "3 * Exp(-Square(x)) * Cos(3 * y) * g",
      "2 * z * g"
    ),
    reference = "exp(-x^2) * sin(3 * y) + z^2"
  )
  checks <- check_operation("Wave")
  expect_identical(nrow(checks), 5L)
  expect_true(all(checks$passed))
})

test_that("check_operation() finds a wrong derivative, a wrong reference and a wrong precision", {
  keops_operation("Wrong", "x * x", grad = "x * g", reference = "x^3")
  checks <- check_operation("Wrong")
  expect_identical(checks$passed, c(FALSE, TRUE, FALSE))
  expect_output(print(checks), "FAILED  derivative in x")
  keops_operation("Coarse", "(int)(x * 100000) * 0.00001 + x * 0", reference = "x")
  expect_false(check_operation("Coarse", tolerance = 1e-9)$passed[1L])
})

test_that("check_operation() works for operations of the package", {
  expect_true(all(check_operation("Exp")$passed))
  expect_true(all(check_operation("Divide", domain = c(0.5, 2))$passed))
  expect_error(check_operation("Sum"), class = "kernelops_error_argument")
  expect_error(check_operation("NoSuch"), class = "kernelops_error_argument")
  expect_error(check_operation("Exp", domain = c(1, 1)), class = "kernelops_error_argument")
})

test_that("a new definition replaces the old one, also in operators that exist", {
  keops_operation("Mine", "x + 1")
  op <- keops_kernel("Sum_Reduction(Mine(x), 0)", c("x = Vi(1)"))
  expect_identical(c(op(list(1))), 2)
  keops_operation("Mine", "x + 2")
  later <- keops_kernel("Sum_Reduction(Mine(x), 0)", c("x = Vi(1)"))
  expect_identical(c(later(list(1))), 3)
  expect_identical(c(op(list(1))), 2)
})

test_that("an operator takes its operations along", {
  huber()
  op <- keops_kernel("Sum_Reduction(Huber(x), 0)", "x = Vi(1)")
  file <- tempfile(fileext = ".rds")
  saveRDS(op, file)
  rm("Huber", envir = defined_operations)
  copy <- readRDS(file)
  expect_identical(c(copy(list(c(0.5, 3)))), c(0.125, 2.5))
  expect_identical(c(keops_grad(copy, "x")(list(c(0.5, 3), c(1, 1)))), c(0.5, 1))
})

test_that("definitions are checked", {
  refused <- function(...) expect_error(keops_operation(...), class = "kernelops_error_argument")
  refused("Exp", "x")
  refused("two words", "x")
  refused("Bad", "x; y")
  refused("Bad", "system(\"ls\")")
  refused("Bad", "1 + 2")
  refused("Bad", "(x")
  refused("Bad", "x + y", grad = "g")
  refused("Bad", 3)
  refused("Bad", "x", grad = NA_character_)
  refused("Bad", "x", reference = 1)
  expect_error(keops_operation("Bad", "x", grad = "NoSuch(g)"), class = "kernelops_error_syntax")
  expect_error(
    keops_kernel("Sum_Reduction(Bad(x), 0)", "x = Vi(1)"), class = "kernelops_error_syntax"
  )
})

test_that("C that does not compile is a compile error with its log", {
  keops_operation("Broken", "x +* no_such_name")
  op <- keops_kernel("Sum_Reduction(Broken(x), 0)", "x = Vi(1)")
  expect_error(op(list(1)), class = "kernelops_error_compile")
})
