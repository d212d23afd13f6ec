#!/usr/bin/env bash
# From a fresh clone to the first result: installs what is missing, builds and installs the package
# into a library of its own, and runs tools/example.R.
set -euo pipefail
# shellcheck source=tools/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_command R r-base-dev
need_command g++ g++
need_command make make
need_r_package Rcpp r-cran-rcpp
install_missing

library="${KERNELOPS_LIBRARY:-$root/build/library}"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$library"
tarball="$(build_package "$scratch" --no-build-vignettes)"
MAKEFLAGS="-j$(nproc)" R CMD INSTALL --library="$library" "$tarball" \
  > "$scratch/install.log" 2>&1 || { cat "$scratch/install.log" >&2; exit 1; }
R_LIBS="$library${R_LIBS:+:$R_LIBS}" Rscript --vanilla "$root/tools/example.R"
