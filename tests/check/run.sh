#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests coppice-check: run.sh CHECKER WRONG_OBJECT RIGHT_OBJECT EXPECTED
set -u
checker=$1 wrong=$2 right=$3 expected=$4
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

# run STATUS ARGUMENT...: the output is in $dir/out.
run() {
    status=$1
    shift
    "$checker" "$@" >"$dir/out" 2>&1
    got=$?
    [ "$got" -eq "$status" ] && return
    echo "coppice-check $*: status $got, expected $status" >&2
    cat "$dir/out" >&2
    bad=1
}
# says TEXT: the last output has it.
says() {
    grep -qF -- "$1" "$dir/out" && return
    echo "expected: $1" >&2
    cat "$dir/out" >&2
    bad=1
}

run 1 "$wrong"
sort -t: -k2,2n "$dir/out" | grep '^wrong' | uniq >"$dir/sorted"
grep -v '^wrong' "$dir/out" >>"$dir/sorted"
diff "$expected" "$dir/sorted" >&2 || bad=1

run 0 "$right"
says "coppice-check: 4 sites in 1 file are right"
run 0 "$checker"
run 1 "$right" "$wrong"
run 2
says "usage: coppice-check"
run 2 "$dir/nothing"
says "No such file or directory"
run 2 "$expected"
says "not an ELF file"
head -c 40 "$right" >"$dir/short"
run 2 "$dir/short"
says "not an ELF file"
head -c 200 "$right" >"$dir/cut"
run 2 "$dir/cut"
says "the section table is damaged"
run 2 "$wrong" "$dir/cut"
exit $bad
