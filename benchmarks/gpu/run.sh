#!/usr/bin/env bash
# Builds the engine without R, measures it on this machine's GPU, then PyTorch and PyKeOps on the
# same tasks, and prints one table with ratios. Needs a C++ compiler, CMake, a driver and NVRTC;
# PyTorch and PyKeOps (a checkout on PYTHONPATH) are left out where they are missing.
#
#   benchmarks/gpu/run.sh [--quick] [arguments of gpu_benchmark]
#   benchmarks/gpu/run.sh --compile-only [--architectures=80,90]
#
# The second needs no GPU: it prints registers, spills and the first loops with products.
# BUILD names the folder of the build, RESULTS that of the tables, PYTHON the interpreter,
# PEERS_DEVICE the device of PyTorch ("cpu" where there is none, to try the scripts). The status is
# that of gpu_benchmark: not 0 if a result is wrong.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
build="${BUILD:-$root/build/gpu}"
results="${RESULTS:-$root/benchmarks/results}"
python="${PYTHON:-python3}"
# Both halves together end within ten minutes, whatever is slow.
own_seconds=200
peers=(--budget=150)
for argument in "$@"; do
  if [ "$argument" = --quick ]; then
    own_seconds=100
    peers=(--budget=100 --repetitions=3 --most-seconds=0.2)
  fi
done

cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DKERNELOPS_TESTS=OFF > /dev/null
cmake --build "$build" --target gpu_benchmark --parallel "$(nproc)" > "$build/build.log" ||
  { cat "$build/build.log"; exit 1; }

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
touch "$scratch/start"
status=0

if [[ " $* " == *" --compile-only "* ]]; then
  "$build/gpu_benchmark" --keep="$scratch" "$@" || status=$?
  for image in "$scratch"/*D=*.cubin; do
    dimension="$(basename "$image" | sed -E 's/.*[^K]D=([0-9]+).*/\1/')"
    echo "$(basename "$image" .cubin)"
    "$python" "$here/count_instructions.py" "$image" kernelops_tile "$dimension" |
      grep -E 'FFMA|DFMA|HMMA' | head -n 3 | sed 's/^/  /' || true
  done
  exit "$status"
fi

mkdir -p "$results"
timeout "$own_seconds" "$build/gpu_benchmark" --results="$results" \
  --reference="$scratch/reference.csv" "$@" || status=$?
[ "$status" -ne 124 ] || echo "gpu_benchmark was stopped after $own_seconds seconds"

tasks="$(find "$results" -name 'gpu-tasks-*.csv' -newer "$scratch/start" | sort | tail -n 1)"
if [ -z "$tasks" ]; then
  exit "$status"
elif command -v "$python" > /dev/null; then
  timeout 200 "$python" "$here/peers.py" "$tasks" --reference="$scratch/reference.csv" \
    "${peers[@]}" ${PEERS_DEVICE:+--device="$PEERS_DEVICE"} || echo "peers.py failed or was stopped"
else
  echo "no $python: PyTorch and PyKeOps are left out"
fi
exit "$status"
