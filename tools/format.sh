#!/usr/bin/env bash
# Formats the C++ code with clang-format; with --check, only names the files that are not formatted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folders=()
for folder in src inst/kernels tests/cpp benchmarks; do
  if [ -d "$folder" ]; then folders+=("$folder"); fi
done
mapfile -t files < <(
  find "${folders[@]}" -path tests/cpp/golden -prune -o -name "RcppExports.cpp" -prune -o \
    \( -name "*.cc" -o -name "*.cpp" -o -name "*.h" \) -print | sort
)

if [ "${1:-}" != "--check" ]; then
  clang-format -i "${files[@]}"
  exit
fi
unformatted=0
for file in "${files[@]}"; do
  if ! clang-format --dry-run --Werror "$file" 2> /dev/null; then
    echo "$file is not formatted"
    unformatted=$((unformatted + 1))
  fi
done
[ "$unformatted" -eq 0 ]
