# Rows of the table of operations, as the tests use them: calls as text, arguments drawn from their
# domains, and values by the reference in R.

# What users can write, without what other tests have defined.
public_operations <- function() {
  rows <- cpp_operations()
  rows[!rows$internal & !rows$name %in% ls(defined_operations), ]
}

argument_letters <- function(count) {
  c("x", "y", "z", "w")[seq_len(count)]
}

# The parameters of a row from their numbers, in which a list is its length and its elements: the
# values for the reference and the texts for formulas.
row_parameters <- function(row) {
  numbers <- as.integer(split_list(row$sample_parameters))
  values <- list()
  texts <- character()
  for (parameter in split_list(row$parameters)) {
    name <- sub("[[?].*", "", parameter)
    is_list <- grepl("[", parameter, fixed = TRUE)
    length <- if (is_list) numbers[1L] else 1L
    if (is_list) numbers <- numbers[-1L]
    values[[name]] <- numbers[seq_len(length)]
    list_text <- paste0("[", paste(values[[name]], collapse = ", "), "]")
    texts[name] <- if (is_list) list_text else as.character(values[[name]])
    numbers <- numbers[-seq_len(length)]
  }
  list(values = values, texts = texts)
}

# The call of a row as text, such as `Extract(x_i, 1, 3)`.
row_call <- function(row, arguments) {
  sprintf("%s(%s)", row$name, paste(c(arguments, row_parameters(row)$texts), collapse = ", "))
}

# One data frame row for each argument: low, high, shape.
row_domains <- function(row) {
  parts <- strsplit(strsplit(row$domains, ";", fixed = TRUE)[[1L]], ",", fixed = TRUE)
  data.frame(
    low = as.numeric(vapply(parts, `[[`, "", 1L)),
    high = as.numeric(vapply(parts, `[[`, "", 2L)),
    shape = vapply(parts, `[[`, "", 3L)
  )
}

# Numbers of a domain that are exact in float32. `smooth` draws real numbers where the domain has
# whole ones, which are jumps of many operations.
draw <- function(rows, columns, domain, seed, smooth = FALSE) {
  values <- uniform(rows, columns, domain$low, domain$high, seed = seed)
  if (domain$shape == "whole" && !smooth) {
    return(round(values))
  }
  values <- round(values * 2^20) / 2^20
  if (domain$shape == "sorted") {
    values <- matrix(apply(values, 1L, sort), rows, columns, byrow = TRUE)
  }
  values
}

# The value of a row by its reference, from a list of arguments named x, y, z.
row_reference <- function(row, arguments) {
  if (row$kind == "elementwise") {
    arguments <- lapply(arguments, rep_len, length.out = max(lengths(arguments)))
  }
  as.numeric(eval(str2lang(row$reference), c(arguments, row_parameters(row)$values), baseenv_stats))
}

# References use functions of base R and of stats.
baseenv_stats <- as.environment(c(
  as.list(baseenv(), all.names = TRUE),
  as.list(asNamespace("stats"))[c("pnorm", "integrate", "var")]
))
parent.env(baseenv_stats) <- baseenv()

# Results of a list of formulas with names in one operator and one sweep.
run_formulas <- function(formulas, args, inputs, precision = "float64", ...) {
  with_options(
    list(kernelops.precision = precision),
    list_of_results(keops_kernel(formulas, args, ...)(inputs), names(formulas))
  )
}

# An operator of one formula returns no list.
list_of_results <- function(results, names) {
  if (length(names) == 1L) stats::setNames(list(results), names) else results
}

# The class of the condition that code raises, or "" if it raises none.
condition_class <- function(code) {
  tryCatch(
    {
      force(code)
      ""
    },
    kernelops_error = function(condition) class(condition)[1L]
  )
}
