#!/usr/bin/env bash
# Do the intervals of an experiment say what they should? Ten pairs of variants that are in truth the same must overlap in at least nine; a delay of
# 5 % of every operation, in one of the two, must separate them. Work in memory, ten iterations each, mixed. Wants the machine to itself.
#
#   tests/heavy/pairs.sh target/release/runner
set -uo pipefail

runner=$(realpath "${1:?the binary to test}")
scenario=$(realpath "$(dirname "${BASH_SOURCE[0]}")/pair.toml")
command -v jq >/dev/null || { echo 'jq is needed' >&2; exit 2; }
folder=$(mktemp -d) && cd "$folder" || exit 2
trap 'rm -rf "$folder"' EXIT

# Median and interval of both, of throughput (per second) and of the latency that half of the operations took at most (ns). Judged by the latter, which bursts
# of other work on the machine reach least.
pair() {
    "$runner" run "$scenario" --total 120_000 --set "seed=$1" --quiet >/dev/null 2>run.err || { cat run.err >&2; return 2; }
    jq -r 'def shown: "\(.median|floor) [\(.low|floor), \(.high|floor)]";
        def meet($a; $b): if $a.low <= $b.high and $b.low <= $a.high then "overlap" else "apart" end;
        [.configurations[].statistics] as [$a, $b]
        | [$a, $b | .latencyMs.p50 | {median: (.median * 1e6), low: (.low * 1e6), high: (.high * 1e6)}] as [$p, $q]
        | "throughput \($a.throughput|shown)  \($b.throughput|shown)  \(meet($a.throughput; $b.throughput))   p50 \($p|shown)  \($q|shown)  \(meet($p; $q))"' \
        results/pair.json
}

overlapping=0
echo 'the same twice:'
for seed in $(seq 10); do
    line=$(pair "$seed") || exit 2; echo "  $line"
    case $line in *overlap) overlapping=$((overlapping + 1));; esac
done
separated=0
echo 'twin 5 % slower:'
for seed in 1 2 3; do
    line=$(RUNNER_TEST_DELAY_PERCENT=twin:5 pair "$seed") || exit 2; echo "  $line"
    case $line in *apart) separated=$((separated + 1));; esac
done
echo "$overlapping of 10 pairs overlap; $separated of 3 delayed ones are apart"
[ "$overlapping" -ge 9 ] && [ "$separated" -eq 3 ]
