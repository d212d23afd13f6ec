#!/usr/bin/env bash
# Runs all checks and tests: layers, formatting, the engine's tests (CMake, GoogleTest), and the
# tests of the installed R package. Ends with one line: "N passed, N failed".
set -euo pipefail
# shellcheck source=tools/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_build_tools
need_command cmake cmake
need_file /usr/include/gtest/gtest.h /usr/local/include/gtest/gtest.h libgtest-dev
need_test_packages
install_missing

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export KERNELOPS_CACHE_DIR="$scratch/cache"
export NOT_CRAN=true
# GPUs where there are none, for the tests of the engine and of the package.
export KERNELOPS_TEST_FAKE_DRIVER="$root/build/libfake_cuda_driver.so"
export KERNELOPS_TEST_FAKE_NVRTC="$root/build/libfake_nvrtc.so"
export KERNELOPS_FAKE_NVRTC_CACHE="$scratch/images"
mkdir "$KERNELOPS_FAKE_NVRTC_CACHE"
jobs="$(nproc)"
passed=0
failed=0
skipped=0

# count PASSED FAILED SKIPPED
count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
  skipped=$((skipped + $3))
}

# check NAME COMMAND...: one check that passes or fails.
check() {
  local name="$1"
  shift
  echo "== $name"
  if "$@"; then count 1 0 0; else echo "FAILED: $name"; count 0 1 0; fi
}

# attribute FILE NAME: the first attribute of that name in a JUnit file, 0 if there is none.
attribute() {
  local value
  value="$(grep -oE "[[:space:]]$2=\"[0-9]+\"" "$1" | head -n 1 | grep -oE '[0-9]+' || true)"
  echo "${value:-0}"
}

test_engine() {
  echo "== engine"
  local junit="$scratch/engine.xml"
  if ! { cmake -S "$root" -B "$root/build" > "$scratch/cmake.log" 2>&1 &&
    cmake --build "$root/build" --parallel "$jobs" >> "$scratch/cmake.log" 2>&1; }; then
    tail -n 60 "$scratch/cmake.log"
    echo "FAILED: the engine does not build"
    count 0 1 0
    return
  fi
  # The check of the layers is counted above.
  local log="$scratch/engine.log"
  (cd "$root/build" && ctest -E '^layers$' -j "$jobs" --output-on-failure --output-junit "$junit") \
    > "$log" 2>&1 || grep -vE '^ *(Start|[0-9]+/[0-9]+ Test .*(Passed|Skipped))' "$log" |
    tail -n 200 || true
  if [ ! -s "$junit" ]; then
    echo "FAILED: ctest wrote no results"
    count 0 1 0
    return
  fi
  local tests failures omitted disabled
  tests="$(attribute "$junit" tests)"
  failures="$(attribute "$junit" failures)"
  disabled="$(attribute "$junit" disabled)"
  omitted=$(($(attribute "$junit" skipped) + disabled))
  echo "$tests tests"
  count $((tests - failures - omitted)) "$failures" "$omitted"
}

# Warnings are errors, except in the headers of R and Rcpp, and for the casts of RcppExports.cpp.
install_strictly() {
  local rcpp headers tarball
  rcpp="$(Rscript --vanilla -e 'cat(system.file("include", package = "Rcpp"))')"
  headers="$(Rscript --vanilla -e 'cat(R.home("include"))')"
  cat > "$scratch/Makevars" << END
CPPFLAGS += -isystem $rcpp -isystem $headers
CXX17FLAGS += -Wall -Wextra -Wpedantic -Werror -Wno-cast-function-type
END
  tarball="$(build_package "$scratch" --no-build-vignettes)" || return 1
  mkdir -p "$scratch/library"
  if ! R_MAKEVARS_USER="$scratch/Makevars" MAKEFLAGS="-j$jobs" \
    R CMD INSTALL --library="$scratch/library" "$tarball" > "$scratch/install.log" 2>&1; then
    tail -n 60 "$scratch/install.log"
    return 1
  fi
}

test_package() {
  echo "== R package"
  if ! install_strictly; then
    echo "FAILED: the package does not install"
    count 0 1 0
    return
  fi
  mkdir -p "$scratch/taken"
  for worker in $(seq "$jobs"); do
    R_LIBS="$scratch/library${R_LIBS:+:$R_LIBS}" Rscript --vanilla "$root/tools/test.R" \
      "$root/tests/testthat" "$scratch/taken" "$scratch/counts-$worker" \
      > "$scratch/tests-$worker.log" 2>&1 &
  done
  wait
  for worker in $(seq "$jobs"); do
    cat "$scratch/tests-$worker.log"
    if [ ! -s "$scratch/counts-$worker" ]; then
      echo "FAILED: a worker of the package's tests did not finish"
      count 0 1 0
      continue
    fi
    # shellcheck disable=SC2046
    count $(cat "$scratch/counts-$worker")
  done
}

check "layers" "$root/tools/check-layers.sh"
if command -v clang-format > /dev/null; then
  check "formatting" "$root/tools/format.sh" --check
else
  echo "== formatting: skipped, clang-format is not installed"
  count 0 0 1
fi
if has_r_package lintr; then
  check "style of the R code" Rscript --vanilla "$root/tools/lint.R" "$root"
else
  echo "== style of the R code: skipped, lintr is not installed"
  count 0 0 1
fi
test_engine
test_package

if [ "$skipped" -gt 0 ]; then echo "$skipped skipped"; fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
