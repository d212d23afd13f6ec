#!/usr/bin/env bash
# R CMD check as CRAN runs it, without what needs a network or LaTeX, with the vignettes if there are
# any. Fails unless all is OK; further arguments go to R CMD check.
set -euo pipefail
# shellcheck source=tools/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_command R r-base-dev
need_command g++ g++
need_command make make
need_r_package Rcpp r-cran-rcpp
need_test_packages
need_vignette_tools
install_missing

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
# Kernels that the vignettes compile are not for the user's cache.
export KERNELOPS_CACHE_DIR="$scratch/cache"
build_options=()
if ! has_vignette_tools; then build_options+=(--no-build-vignettes); fi
tarball="$(build_package "$scratch" "${build_options[@]}")"
export _R_CHECK_CRAN_INCOMING_=false _R_CHECK_SYSTEM_CLOCK_=false _R_CHECK_FORCE_SUGGESTS_=false
log="$scratch/check.log"
MAKEFLAGS="-j$(nproc)" R CMD check --as-cran --no-manual --output="$scratch" "$@" "$tarball" \
  > "$log" 2>&1 || true
if ! grep -q '^Status: OK$' "$log"; then
  grep -vE '\.\.\. *OK$' "$log"
  exit 1
fi
echo "R CMD check: OK"
