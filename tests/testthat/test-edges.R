# Elementwise operations at the edges of the numbers: both zeros, infinities, NaN, denormals, very
# large and very small numbers, in all combinations, against the references in R.

edge_numbers <- list(
  float64 = c(
    0, -0, Inf, -Inf, NaN, 5e-324, -5e-324, 1e-310, 2.5e-308, 1e-300, 1e300, -1e300,
    .Machine$double.xmax, 1, -1, 0.5, -0.5, 2, -2, 3, 1e-9, 40, -40, 1e5, -1e5
  ),
  float32 = c(
    0, -0, Inf, -Inf, NaN, 2^-149, -2^-149, 2^-130, 2^-126, 2^-100, 2^100, -2^100, 2^127, 1, -1,
    0.5, -0.5, 2, -2, 3, 2^-30, 40, -40, 2^17, -2^17
  )
)
edge_rows <- local({
  rows <- public_operations()
  # besselK() of R crashes on orders of these sizes.
  rows[rows$kind == "elementwise" & nzchar(rows$reference) & !grepl("besselK", rows$reference), ]
})

# All combinations of the numbers, fewer for three arguments: one row for each.
edge_inputs <- function(arguments, precision) {
  numbers <- edge_numbers[[precision]]
  if (arguments == 3L) numbers <- numbers[c(1:5, 6, 9, 11, 12, 14, 15, 17, 18)]
  grid <- as.matrix(expand.grid(rep(list(numbers), arguments)))
  dimnames(grid) <- NULL
  stats::setNames(
    lapply(seq_len(arguments), function(k) grid[, k, drop = FALSE]), argument_letters(arguments)
  )
}

# A number as the precision holds it.
rounded_to <- function(values, precision) {
  if (precision == "float64") {
    return(values)
  }
  readBin(writeBin(as.double(values), raw(), size = 4L), "double", n = length(values), size = 4L)
}

# What operations are where R has NaN or NA on purpose, as the documentation says, and where the
# row's reference itself overflows or cancels.
edge_references <- c(
  Sign = "ifelse(is.nan(x), 0, sign(x))",
  Not = "ifelse(is.nan(x), 0, x == 0)",
  Step = "ifelse(is.nan(x), 1, x >= 0)",
  DiffClampInt = "ifelse(is.nan(x), 0, x >= a & x <= b)",
  SinXDivX = "ifelse(x == 0, 1, ifelse(is.infinite(x), 0, sin(x) / x))",
  Erf = "ifelse(abs(x) < 1e-8, 2 * x / sqrt(pi), 2 * pnorm(x * sqrt(2)) - 1)",
  Digamma = "ifelse(x > 0 & x < 1e-300, -1 / x, digamma(x))",
  Polygamma = "ifelse(x > 0 & x < 1e-200, -Inf, psigamma(x, m))",
  Powf = "{ whole <- is.nan(y) | y == round(y);
    as_c <- !is.nan(x) & x < 0 & (is.infinite(y) | is.infinite(x) & !whole);
    ifelse(as_c, abs(x)^y, x^y) }",
  Equal = "ifelse(is.nan(x) | is.nan(y), 0, x == y)",
  NotEqual = "ifelse(is.nan(x) | is.nan(y), 1, x != y)",
  LessThan = "ifelse(is.nan(x) | is.nan(y), 0, x < y)",
  LessOrEqual = "ifelse(is.nan(x) | is.nan(y), 0, x <= y)",
  And = "(is.nan(x) | x != 0) & (is.nan(y) | y != 0)",
  Or = "(is.nan(x) | x != 0) | (is.nan(y) | y != 0)",
  LogAddExp = "ifelse(is.infinite(x) & x == y, x, pmax(x, y) + log1p(exp(-abs(x - y))))",
  Hypot = "{ m <- pmax(abs(x), abs(y)); ifelse(is.infinite(x) | is.infinite(y), Inf,
    ifelse(m == 0, 0, m * sqrt((x / m)^2 + (y / m)^2))) }",
  IfElse = "ifelse(!is.nan(x) & x >= 0, y, z)",
  Clamp = "ifelse(!is.nan(x) & !is.nan(y) & x < y, y,
    ifelse(!is.nan(x) & !is.nan(z) & x > z, z, x))"
)

# Where no digit of a result is exact: a function of the arguments that is TRUE there.
edge_noise <- list(
  Mod = function(x, y, z) abs((x - z) / y) > 2^22 | x != z & abs((x - z) / y) < 2^-126
)

# What is as good a result as the reference's, where a result is exact for a number within half a
# unit in the last place of a denormal x, in float32.
edge_exact <- list(
  Sqrt = function(actual, x) x > 0 & x < 2^-126 & abs(actual^2 - x) <= 2^-150
)

edge_disagreements <- function(row, actual, inputs, precision) {
  if (row$name %in% names(edge_references)) row$reference <- edge_references[[row$name]]
  expected <- suppressWarnings(row_reference(row, lapply(inputs, c)))
  expected <- rounded_to(expected, precision)
  epsilon <- if (precision == "float64") 1e-13 else 2e-6
  tiny <- if (precision == "float64") 1e-307 else 2^-125
  agree <- ifelse(
    is.nan(expected) | is.na(expected), is.nan(actual),
    actual == expected | abs(actual - expected) <= epsilon * abs(expected) + tiny
  )
  agree[is.na(agree)] <- FALSE
  noise <- edge_noise[[row$name]]
  if (!is.null(noise)) agree <- agree | do.call(noise, lapply(unname(inputs), c)) %in% TRUE
  exact <- edge_exact[[row$name]]
  if (!is.null(exact) && precision == "float32") {
    agree <- agree | exact(actual, c(inputs[[1L]])) %in% TRUE
  }
  bad <- which(!agree)
  sprintf(
    "(%s): %.9g, in R %.9g",
    vapply(bad, function(k) {
      paste(vapply(inputs, function(x) format(x[k], digits = 9), ""), collapse = ", ")
    }, ""), actual[bad], expected[bad]
  )
}

for (arguments in 1:3) {
  for (precision in names(edge_numbers)) {
    local({
      rows <- edge_rows[edge_rows$arguments == arguments, ]
      letters <- argument_letters(arguments)
      inputs <- edge_inputs(arguments, precision)
      formulas <- vapply(seq_len(nrow(rows)), function(k) {
        sprintf("Sum_Reduction(%s, 0)", row_call(as.list(rows[k, ]), letters))
      }, "")
      names(formulas) <- rows$name
      args <- c(sprintf("%s = Vi(1)", letters), "one = Vj(1)")
      results <- NULL
      for (k in seq_len(nrow(rows))) {
        test_that(paste(rows$name[k], "is as in R at the edges in", precision), {
          if (is.null(results)) {
            results <<- run_formulas(formulas, args, c(inputs, list(one = matrix(1))), precision)
          }
          row <- as.list(rows[k, ])
          wrong <- edge_disagreements(row, c(results[[row$name]]), inputs, precision)
          expect_identical(wrong, character())
        })
      }
    })
  }
}

test_that("Bessel functions are as in R at the edges of their first argument", {
  x <- c(0, -0, 1e-300, 1e-10, 1e-3, 30, 600, 800, Inf, NaN)
  grid <- expand.grid(x = x, order = c(0, 0.5, 1, 2.5, 7, -1.5))
  formulas <- c(
    plain = "Sum_Reduction(BesselK(x, y), 0)", power = "Sum_Reduction(BesselKPower(x, y, 0.5), 0)"
  )
  args <- c("x = Vi(1)", "y = Vi(1)", "one = Vj(1)")
  result <- run_formulas(formulas, args, list(grid$x, grid$order, 1))
  expected <- suppressWarnings(besselK(grid$x, abs(grid$order)))
  expected[grid$x == 0] <- Inf
  expect_identical(is.nan(c(result$plain)), is.nan(expected))
  known <- is.finite(expected) & expected > 1e-290
  expect_lt(max(abs(c(result$plain)[known] / expected[known] - 1)), 1e-11)
  expect_identical(c(result$plain)[which(expected == Inf)], expected[which(expected == Inf)])
  expect_true(all(c(result$plain)[which(expected < 1e-290)] < 1e-289))
  power <- sqrt(grid$x) * expected
  known <- known & is.finite(power) & grid$x > 0
  expect_lt(max(abs(c(result$power)[known] / power[known] - 1)), 1e-11)
})
