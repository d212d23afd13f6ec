#!/usr/bin/env bash
# Builds the web site of the package with pkgdown into build/site, without a network.
set -euo pipefail
# shellcheck source=tools/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_build_tools
need_r_package pkgdown r-cran-pkgdown
need_test_packages
need_vignette_tools
install_missing

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export KERNELOPS_CACHE_DIR="$scratch/cache"
mkdir -p "$scratch/library"
tarball="$(build_package "$scratch" --no-build-vignettes)"
MAKEFLAGS="-j$(nproc)" R CMD INSTALL --library="$scratch/library" "$tarball" \
  > "$scratch/install.log" 2>&1 || { cat "$scratch/install.log" >&2; exit 1; }
R_LIBS="$scratch/library${R_LIBS:+:$R_LIBS}" Rscript --vanilla "$root/tools/site.R" "$root"
