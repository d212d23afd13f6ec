#!/usr/bin/env bash
# Checks the rules of the house that a compiler does not: which layer may include which, the one
# list of sources, and the length of files. Prints each violation and fails if there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What each layer of src/core may include besides itself.
declare -A may_include=(
  [support]=""
  [ir]="support"
  [ops]="support ir"
  [syntax]="support ir ops"
  [transform]="support ir ops syntax"
  [lower]="support ir ops syntax transform"
  [codegen]="support ir ops syntax transform lower"
  [jit]="support"
  [gpu]="support jit"
  [engine]="support ir ops lower codegen jit gpu"
  [api]="support ir ops syntax transform lower codegen jit gpu engine"
)
longest=500
violations=0

violation() {
  echo "$1"
  violations=$((violations + 1))
}

# includes_of FILE: the includes as number:<name> or number:"name".
includes_of() {
  sed -nE '/^[[:space:]]*#[[:space:]]*include[[:space:]]/{=;s/^[^<"]*([<"][^>"]*[>"]).*/\1/p}' "$1" |
    paste -d: - -
}

check_core_file() {
  local file="$1" layer="$2" line name target
  while IFS=: read -r line name; do
    case "$name" in
      '"core/'*)
        target="${name#\"core/}"
        target="${target%%/*}"
        case " $layer ${may_include[$layer]} " in
          *" $target "*) ;;
          *) violation "$file:$line: layer $layer must not include layer $target" ;;
        esac
        ;;
      '"'*)
        name="${name//\"/}"
        [[ "$name" == kernels/* && -e "inst/$name" ]] ||
          violation "$file:$line: \"$name\" is neither core/<layer>/... nor kernels/..."
        ;;
      '<Rcpp'* | '<R.h>' | '<R_ext/'* | '<Rinternals.h>' | '<Rdefines.h>' | '<Rmath.h>')
        violation "$file:$line: the core knows no R: $name"
        ;;
    esac
  done < <(includes_of "$file")
}

check_core() {
  local file layer
  while read -r file; do
    layer="${file#src/core/}"
    layer="${layer%%/*}"
    if [ -z "${may_include[$layer]+known}" ]; then
      violation "$file: $layer is no layer"
      continue
    fi
    check_core_file "$file" "$layer"
  done < <(find src/core -name "*.cc" -o -name "*.h" | sort)
}

check_bindings() {
  local file line name
  while read -r file; do
    while IFS=: read -r line name; do
      case "$name" in
        '"core/api/'*) ;;
        '"core/'*) violation "$file:$line: bindings include core/api only, not $name" ;;
      esac
    done < <(includes_of "$file")
  done < <(find src -maxdepth 1 -name "*.cpp" -o -maxdepth 1 -name "*.h" | sort)
}

check_kernels() {
  local file line name
  while read -r file; do
    while IFS=: read -r line name; do
      [[ "$name" == \"* && -e "inst/kernels/${name//\"/}" ]] ||
        violation "$file:$line: files of inst/kernels include only each other, not $name"
    done < <(includes_of "$file")
  done < <(find inst/kernels -type f | sort)
}

check_source_list() {
  local listed on_disk
  listed="$(grep -oE 'core/[A-Za-z0-9_/]+\.cc' src/core/sources.mk | sort)"
  on_disk="$(cd src && find core -name "*.cc" | sort)"
  while read -r difference; do
    [ -z "$difference" ] || violation "src/core/sources.mk: $difference"
  done < <(
    comm -13 <(echo "$listed") <(echo "$on_disk") | sed '/./s/$/ is not listed/'
    comm -23 <(echo "$listed") <(echo "$on_disk") | sed '/./s/$/ is listed, but is not there/'
    uniq -d <<< "$listed" | sed '/./s/$/ is listed twice/'
  )
}

check_lengths() {
  local file lines
  while read -r file; do
    lines="$(wc -l < "$file")"
    [ "$lines" -le "$longest" ] || violation "$file: $lines lines, at most $longest are allowed"
  done < <(find src R -name RcppExports.\* -prune -o \
    \( -name "*.cc" -o -name "*.cpp" -o -name "*.h" -o -name "*.R" \) -print | sort)
}

check_core
check_bindings
check_kernels
check_source_list
check_lengths

if [ "$violations" -gt 0 ]; then
  echo "$violations violations"
  exit 1
fi
echo "layers, sources and lengths are as they should be"
