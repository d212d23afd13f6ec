# A thousand random formulas, trees over all rows of the table of operations: compiled code agrees
# with the rows' references in R, evaluated step by step; and what is printed is understood as the
# same formula. Many formulas stand in one operator.

random_counts <- c(i = 4L, j = 3L, p = 1L)
random_pairs <- expand.grid(i = seq_len(random_counts[["i"]]), j = seq_len(random_counts[["j"]]))

# All rows in all shapes that are drawn: the row, the dimensions of its arguments and of its result.
random_shapes <- local({
  rows <- public_operations()
  rows <- rows[nzchar(rows$reference), ]
  shapes <- lapply(seq_len(nrow(rows)), function(k) {
    row <- as.list(rows[k, ])
    dimensions <- list(as.integer(split_list(row$sample_dimensions)))
    if (row$kind == "elementwise") {
      wide <- seq_len(row$arguments)
      dimensions <- c(
        lapply(1:3, rep, times = row$arguments),
        lapply(wide, function(position) ifelse(wide == position, 1L, 3L)),
        lapply(wide, function(position) ifelse(wide == position, 2L, 1L))
      )
    }
    lapply(unique(dimensions), function(each) {
      arguments <- lapply(each, function(dimension) seq(0.5, 0.9, length.out = dimension))
      names(arguments) <- argument_letters(row$arguments)
      list(row = row, dimensions = each, result = length(row_reference(row, arguments)))
    })
  })
  unlist(shapes, recursive = FALSE)
})
# The outermost operations of the thousand formulas: every shape several times.
random_roots <- rep_len(with_seed(1, sample.int(length(random_shapes))), 1000L)
random_results <- vapply(random_shapes, `[[`, 0L, "result")

write_short <- function(symbol, texts) {
  if (length(texts) == 1L) paste0(symbol, texts) else paste(texts[1L], symbol, texts[2L])
}

# A formula within the bounds of a domain, through a sine.
squeezed <- function(of, domain) {
  middle <- (domain$low + domain$high) / 2
  half <- (domain$high - domain$low) / 2
  out <- list(
    text = sprintf("(%.17g + %.17g * Sin(%s))", middle, half, of$text),
    value = middle + half * sin(of$value)
  )
  if (domain$shape != "whole") {
    return(out)
  }
  list(
    text = sprintf("Round(%s, 0)", out$text),
    value = sign(out$value) * floor(abs(out$value) + 0.5)
  )
}

is_everywhere <- function(domain) {
  domain$low == -2 && domain$high == 2 && domain$shape == "real"
}

# Draws formulas, and declares the variables that they need.
formula_source <- function() {
  inputs <- list()
  declarations <- character()

  variable <- function(dimension, domain) {
    role <- sample(names(random_counts), 1L)
    name <- paste0("v", dimension, "_", role, if (domain$shape == "sorted") "_sorted")
    if (is.null(inputs[[name]])) {
      seed <- sum(utf8ToInt(name))
      inputs[[name]] <<- draw(random_counts[[role]], dimension, domain, seed = seed)
      kind <- c(i = "Vi", j = "Vj", p = "Pm")[[role]]
      declarations <<- c(declarations, sprintf("%s = %s(%d)", name, kind, dimension))
    }
    at <- if (role == "p") rep(1L, nrow(random_pairs)) else random_pairs[[role]]
    list(text = name, value = t(inputs[[name]][at, , drop = FALSE]))
  }

  plain <- data.frame(low = -1, high = 1, shape = "real")

  # A formula of that dimension: its text and its values, one column for each pair.
  formula <- function(dimension, depth) {
    candidates <- which(random_results == dimension)
    if (depth == 0L || length(candidates) == 0L || stats::runif(1L) < 0.15) {
      return(variable(dimension, plain))
    }
    out <- call_of(random_shapes[[candidates[sample.int(length(candidates), 1L)]]], depth)
    # Large values would hide what else is wrong.
    if (all(is.finite(out$value)) && max(abs(out$value)) < 50) out else variable(dimension, plain)
  }

  # An argument within its domain: as it is where it lies there, or through a sine.
  argument <- function(dimension, domain, depth) {
    if (domain$shape == "sorted") {
      return(variable(dimension, domain))
    }
    out <- formula(dimension, depth)
    if (is_everywhere(domain) && max(abs(out$value)) <= 4) out else squeezed(out, domain)
  }

  call_of <- function(shape, depth) {
    row <- shape$row
    domains <- row_domains(row)
    arguments <- lapply(seq_along(shape$dimensions), function(k) {
      argument(shape$dimensions[k], domains[min(k, nrow(domains)), ], depth - 1L)
    })
    texts <- vapply(arguments, `[[`, "", "text")
    short <- nzchar(row$infix) && stats::runif(1L) < 0.5
    text <- if (short) sprintf("(%s)", write_short(row$infix, texts)) else row_call(row, texts)
    value <- vapply(seq_len(nrow(random_pairs)), function(pair) {
      values <- lapply(arguments, function(each) each$value[, pair])
      row_reference(row, stats::setNames(values, argument_letters(row$arguments)))
    }, numeric(shape$result))
    list(text = text, value = matrix(value, shape$result))
  }

  list(
    draw = function(shape) {
      repeat {
        out <- call_of(shape, depth = sample(1:3, 1L))
        if (all(is.finite(out$value))) {
          return(out)
        }
      }
    },
    inputs = function() inputs,
    declarations = function() declarations
  )
}

# The sums over j of the values of all pairs, one row for each i.
sums_over_j <- function(value) {
  unname(rowsum(t(value), random_pairs$i))
}

for (part in 1:25) {
  test_that(paste("random formulas agree with a plain evaluation in R, part", part), {
    with_seed(part, {
      source <- formula_source()
      trees <- lapply(random_shapes[random_roots[(part - 1L) * 40L + 1:40]], source$draw)
    })
    formulas <- sprintf("Sum_Reduction(%s, 0)", vapply(trees, `[[`, "", "text"))
    names(formulas) <- paste0("f", seq_along(formulas))
    results <- run_formulas(formulas, source$declarations(), source$inputs())
    for (k in seq_along(trees)) {
      expected <- sums_over_j(trees[[k]]$value)
      excess <- abs(results[[k]] - expected) / max(1, abs(expected))
      expect_identical(dim(results[[k]]), dim(expected))
      expect_lte(max(excess), 1e-9, label = formulas[[k]])
    }
    # What is printed has all definitions written out, and may be longer than a formula can be.
    printed <- cpp_describe_operator(formulas, source$declarations())$formula
    names(printed) <- names(formulas)
    printed <- printed[nchar(printed) < 20000]
    expect_gt(length(printed), 35L)
    again <- cpp_describe_operator(printed, source$declarations())$formula
    expect_identical(again, unname(printed))
  })
}

test_that("every public row with a reference is drawn", {
  drawn <- unique(vapply(random_shapes[random_roots], function(shape) shape$row$name, ""))
  rows <- public_operations()
  expect_setequal(drawn, rows$name[nzchar(rows$reference)])
})
