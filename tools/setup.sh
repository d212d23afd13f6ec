# shellcheck shell=bash
# Sourced by the other scripts: finds the root of the repository and installs what is missing from
# the packages of the distribution.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export DEBIAN_FRONTEND=noninteractive
missing_packages=()

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

has_r_package() {
  command -v Rscript > /dev/null &&
    Rscript --vanilla -e "quit(status = !requireNamespace('$1', quietly = TRUE))" > /dev/null 2>&1
}

# need_command COMMAND PACKAGE
need_command() {
  command -v "$1" > /dev/null || missing_packages+=("$2")
}

# need_file FILE... PACKAGE: one of the files must be there.
need_file() {
  local package="${!#}"
  local file
  for file in "${@:1:$#-1}"; do
    if [ -e "$file" ]; then return; fi
  done
  missing_packages+=("$package")
}

# need_r_package R-PACKAGE PACKAGE
need_r_package() {
  has_r_package "$1" || missing_packages+=("$2")
}

install_missing() {
  if [ "${#missing_packages[@]}" -eq 0 ]; then return; fi
  if ! command -v apt-get > /dev/null; then
    echo "please install what these Debian packages hold: ${missing_packages[*]}" >&2
    return 1
  fi
  echo "installing ${missing_packages[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing_packages[@]}" > /dev/null
  missing_packages=()
}

# What the package's tests use.
need_test_packages() {
  need_r_package testthat r-cran-testthat
  need_r_package jsonlite r-cran-jsonlite
  need_r_package ggplot2 r-cran-ggplot2
  need_r_package RSpectra r-cran-rspectra
  need_r_package irlba r-cran-irlba
}

# What builds the vignettes.
need_vignette_tools() {
  need_r_package knitr r-cran-knitr
  need_r_package rmarkdown r-cran-rmarkdown
  need_command pandoc pandoc
}

has_vignette_tools() {
  [ -d "$root/vignettes" ] && command -v pandoc > /dev/null &&
    has_r_package knitr && has_r_package rmarkdown
}

# build_package DIRECTORY [OPTION...]: builds the source package there and prints its path. Options
# go to R CMD build; scripts that only install the package save time with --no-build-vignettes.
build_package() {
  local directory="$1"
  shift
  (cd "$directory" && MAKEFLAGS="-j$(nproc)" R CMD build "$@" "$root" > build.log 2>&1) ||
    { cat "$directory/build.log" >&2; return 1; }
  find "$directory" -maxdepth 1 -name "kernelops_*.tar.gz"
}
