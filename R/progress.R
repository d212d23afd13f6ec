# The progress of long computations. The engine calls report() about ten times a second.

# What tests change: the seconds of work before anything is shown, and what shows it.
progress_state <- new.env(parent = emptyenv())
progress_state$delay <- 2
progress_state$bar <- function() cli_bar()

# Documents and scripts have nobody who waits.
shows_progress <- function(option) {
  if (is.logical(option)) {
    return(option)
  }
  interactive() && !isTRUE(getOption("knitr.in.progress"))
}

# Two functions: `report` answers whether to go on. No condition leaves it: frames of C++ lie below.
# A bar that fails is not worth the computation, so it is a warning in the end.
new_progress <- function() {
  bar <- progress_state$bar()
  failure <- NULL
  list(
    report = function(fraction, seconds) {
      if (seconds < progress_state$delay || !is.null(failure)) {
        return(TRUE)
      }
      tryCatch(
        {
          bar$show(fraction, seconds)
          TRUE
        },
        error = function(e) {
          failure <<- conditionMessage(e)
          TRUE
        },
        interrupt = function(e) FALSE
      )
    },
    close = function() {
      bar$close()
      if (!is.null(failure)) {
        warning("the progress bar of kernelops failed: ", failure, call. = FALSE)
      }
    }
  )
}

cli_bar <- function() {
  id <- NULL
  line <- ""
  tenths <- -1
  here <- environment()
  list(
    show = function(fraction, seconds) {
      # Where lines cannot be drawn over, ten of them will do.
      if (!cli::is_dynamic_tty() && floor(10 * fraction) == tenths) {
        return(invisible())
      }
      tenths <<- floor(10 * fraction)
      line <<- progress_line(fraction, seconds)
      if (is.null(id)) {
        id <<- cli::cli_progress_bar(
          type = "custom", format = "{line}", total = 1, current = FALSE, auto_terminate = FALSE,
          .auto_close = FALSE, .envir = here
        )
      }
      cli::cli_progress_update(set = fraction, id = id, force = TRUE, .envir = here)
    },
    close = function() {
      if (!is.null(id)) cli::cli_progress_done(id = id, .envir = here)
      id <<- NULL
    }
  )
}

# "kernelops [=====>              ] 27%, 1 min 5 s left".
progress_line <- function(fraction, seconds, width = 20L) {
  done <- floor(fraction * width)
  bar <- paste0(
    strrep("=", done), if (done < width) ">", strrep(" ", max(width - done - 1L, 0L))
  )
  left <- seconds * (1 - fraction) / fraction
  sprintf("kernelops [%s] %d%%, %s left", bar, floor(100 * fraction), format_seconds(ceiling(left)))
}

# "0.4 s", "12 s", "3 min 20 s", "2 h 5 min".
format_seconds <- function(seconds) {
  if (seconds < 10 && seconds != round(seconds)) {
    return(sprintf("%.1f s", seconds))
  }
  seconds <- round(seconds)
  if (seconds < 60) {
    return(sprintf("%d s", seconds))
  }
  if (seconds < 3600) {
    return(sprintf("%d min %d s", seconds %/% 60, seconds %% 60))
  }
  sprintf("%d h %d min", seconds %/% 3600, seconds %% 3600 %/% 60)
}
