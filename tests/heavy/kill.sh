#!/usr/bin/env bash
# Kills a run at many random moments and checks what it leaves: the document in the place of the result is valid, and the next run succeeds.
# Takes minutes, so it is no part of the tests.
#
#   tests/heavy/kill.sh target/release/runner [MOMENTS] [SEED]
set -euo pipefail

runner=$(realpath "${1:?the binary to test}")
moments=${2:-50}
RANDOM=${3:-42}
scenarios=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../scenarios")
command -v jq >/dev/null || { echo 'jq is needed' >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

now() { date +%s%N; }

# status DOCUMENT: its status, or what is wrong with it.
status() {
    if [ ! -e "$1" ]; then
        echo absent
    elif [ ! -s "$1" ]; then
        echo EMPTY
    else
        jq -er 'select((.configurations | type) == "array" and (.environment | type) == "object") | .status' "$1" 2>/dev/null || echo TORN
    fi
}

harm=0
for scenario in base-0 base-2; do
    options=(run "$scenarios/$scenario.toml" --total 200 --concurrency '1,4' --quiet)
    start=$(now)
    "$runner" "${options[@]}"
    length=$(($(now) - start))
    declare -A seen=()
    failed=0 stray=0 empty=0 longest=0
    for ((moment = 0; moment < moments; moment++)); do
        # Every fifth one is the first run of its place.
        if ((moment % 5 == 0)); then rm -rf results db; fi
        delay=$((length / 1000 * (RANDOM % 1000) / 1000))
        "$runner" "${options[@]}" &
        pid=$!
        sleep "$(printf '%d.%06d' $((delay / 1000000)) $((delay % 1000000)))"
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        found=$(status "results/$scenario.json")
        seen[$found]=$((${seen[$found]:-0} + 1))
        start=$(now)
        if ! "$runner" "${options[@]}" || [ "$(status "results/$scenario.json")" != completed ]; then
            failed=$((failed + 1))
        fi
        took=$(($(now) - start))
        if ((took > longest)); then longest=$took; fi
        # An empty database stays where a run was killed before it could mark its file.
        if [ -n "$(find db -type f -size +0 2>/dev/null)" ]; then stray=$((stray + 1)); fi
        if [ -n "$(find db -type f -size 0 2>/dev/null)" ]; then empty=$((empty + 1)); fi
        if [ -n "$(find results -type f -name '.*')" ]; then stray=$((stray + 1)); fi
    done
    printf '%s: %d moments in %d ms, left' "$scenario" "$moments" $((length / 1000000))
    for kind in "${!seen[@]}"; do printf ' %s %d,' "$kind" "${seen[$kind]}"; done
    printf ' next run failed %d, stray files %d, empty database stayed %d, longest next run %d ms\n' \
        "$failed" "$stray" "$empty" $((longest / 1000000))
    if ((failed + stray + ${seen[TORN]:-0} + ${seen[EMPTY]:-0} > 0)); then harm=1; fi
    unset seen
    rm -rf results db
done
exit "$harm"
