#!/bin/sh
# Runs every benchmark of benchmarks/, each printing JSON lines; ratios are only comparable within one run. $1 is the folder of the commands.
set -eu
bin=$1
found=no
for file in benchmarks/bench_*.py; do
    [ -e "$file" ] || continue
    found=yes
    echo "# $file"
    "$bin/python" "$file"
done
if [ "$found" = no ]; then
    echo "There are no benchmarks yet (benchmarks/bench_*.py)." >&2
    exit 1
fi
