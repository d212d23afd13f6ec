#' kernelops: reductions of formulas over all pairs of rows
#'
#' Computes sums, log-sum-exps, minima and other reductions of a formula over all pairs of rows of
#' two sets of points without ever storing the matrix of pairs, with exact gradients of any order.
#' The formula is compiled once into a parallel, vectorised kernel for the processor at hand.
#'
#' Start with [LazyTensor()], or with [keops_kernel()] if you like to write formulas as text.
#' [grad()] and [keops_grad()] differentiate, [explain()] shows all that is made of a formula,
#' [keops_sitrep()] says what was found on this machine. The language is described in [operations]
#' and [reductions], the options in [kernelops-options].
#'
#' @keywords internal
#' @useDynLib kernelops, .registration = TRUE
#' @importFrom methods cbind2 is new rbind2 "slot<-" setAs setClass setMethod show signature
#' @importFrom Rcpp evalCpp
"_PACKAGE"
