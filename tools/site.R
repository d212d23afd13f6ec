# Builds the site of the installed package, without a network. Argument: the root of the repository.
# Articles of _pkgdown.yml that are not written yet are left out. Fails on warnings.
root <- commandArgs(trailingOnly = TRUE)[1L]
options(pkgdown.internet = FALSE, warn = 2)

# Packages that are not installed would be looked up at CRAN; now their names are not linked.
no_packages <- data.frame(Package = character(), URL = character())
utils::assignInNamespace("CRAN_urls", function() no_packages, "downlit")

written <- sub("[.]Rmd$", "", list.files(file.path(root, "vignettes"), "[.]Rmd$"))
articles <- yaml::read_yaml(file.path(root, "_pkgdown.yml"))$articles
articles <- lapply(articles, function(section) {
  section$contents <- as.list(intersect(section$contents, written))
  section
})
articles <- Filter(function(section) length(section$contents) > 0L, articles)
package <- pkgdown::as_pkgdown(root)
# as_pkgdown(override = ) would merge lists element by element.
package$meta$articles <- if (length(written) > 0L) articles
# The section for what fits nowhere is mostly empty.
package$meta$reference <- Filter(function(section) {
  is.null(section$contents) ||
    length(pkgdown:::select_topics(section$contents, package$topics)) > 0L
}, package$meta$reference)
pkgdown::build_site(
  package,
  devel = FALSE, preview = FALSE, install = FALSE, new_process = FALSE
)
