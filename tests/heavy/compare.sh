#!/usr/bin/env bash
# Does `runner compare` raise false alarms, and does it find 5 %? Ten pairs of runs of the same scenario, one after the other, may come to one verdict
# of a difference at most, and ten pairs of equal variants of one run to one as well; a delay of 5 % of every operation, which the engine makes, must be
# called a regression, with exit 1. Work in memory, ten iterations each, and forty where
# something is to be found. Wants the machine to itself.
#
#   tests/heavy/compare.sh target/release/runner [PAIRS]
set -uo pipefail

runner=$(realpath "${1:?the binary to test}")
scenario=$(realpath "$(dirname "${BASH_SOURCE[0]}")/pair.toml")
pairs=${2:-10}
command -v jq >/dev/null || { echo 'jq is needed' >&2; exit 2; }
folder=$(mktemp -d) && cd "$folder" || exit 2
trap 'rm -rf "$folder"' EXIT

# Runs the scenario with these arguments and keeps the result under this name.
measured() {
    local to=$1
    shift
    "$runner" run "$scenario" --quiet "$@" >/dev/null 2>run.err || { cat run.err >&2; exit 2; }
    cp results/pair.json "$to"
}

# What a comparison comes to, how it ended, and what it calls different: metric and change in per cent.
verdict() {
    local code=0
    "$runner" compare "$@" --format json > compared.json 2>compare.err || code=$?
    [ "$code" -le 1 ] || { cat compare.err >&2; exit 2; }
    jq -r --arg code "$code" '[.verdict, "exit \($code)"] + [.scenarios[].cases[].metrics[]
        | select(.verdict == "regressed" or .verdict == "improved")
        | "\(if .operation then .operation + "/" else "" end)\(.metric) \((.ratio - 1) * 1000 | round / 10) %"] | join("  ")' compared.json
}

alarms=0
echo 'the same, run twice:'
for _ in $(seq "$pairs"); do
    measured a.json --variant base
    measured b.json --variant base
    line=$(verdict a.json b.json) || exit 2; echo "  $line"
    case $line in *%*) alarms=$((alarms + 1));; esac
done
mixed=0
echo 'the same, as two variants of one run:'
for _ in $(seq "$pairs"); do
    measured both.json
    line=$(verdict both.json --base-variant base --candidate-variant twin) || exit 2; echo "  $line"
    case $line in *%*) mixed=$((mixed + 1));; esac
done
found=0
echo 'twin 5 % slower:'
for _ in 1 2 3; do
    export RUNNER_TEST_DELAY_PERCENT=twin:5
    measured slower.json --iterations 40
    unset RUNNER_TEST_DELAY_PERCENT
    line=$(verdict slower.json --base-variant base --candidate-variant twin) || exit 2; echo "  $line"
    case $line in regressed*'exit 1'*) found=$((found + 1));; esac
done
echo "$alarms of $pairs pairs of runs and $mixed of $pairs pairs of variants raise an alarm; $found of 3 slow-downs are found"
[ "$alarms" -le 1 ] && [ "$mixed" -le 1 ] && [ "$found" -eq 3 ]
