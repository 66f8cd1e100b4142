#!/usr/bin/env bash
# Does `runner compare` say what it should? Two runs of the same scenario, ten times over, may come to one false alarm at most, of all comparisons of all
# levels and metrics together; a delay of 5 % of every operation, which the engine itself makes, must be called a regression, with exit code 1.
# Work in memory, ten iterations a run. Wants the machine to itself.
#
#   tests/heavy/compare.sh target/release/runner [PAIRS]
set -uo pipefail

runner=$(realpath "${1:?the binary to test}")
pairs=${2:-10}
command -v jq >/dev/null || { echo 'jq is needed' >&2; exit 2; }
folder=$(mktemp -d) && cd "$folder" || exit 2
trap 'rm -rf "$folder"' EXIT

cat > work.toml <<'TOML'
# Small tables, which fit into the processor's own cache: memory that others use as well would add noise of its own.
test = "work"
total = 120_000
concurrency = [1]
iterations = 10
reset = "iteration"
[database]
path = ":memory:"
[tables.notes]
rows = 1_000
[tables.notes.columns]
id   = { type = "INTEGER PRIMARY KEY" }
text = { type = "TEXT NOT NULL", value = '{{ sentence(4, 8) }}' }
[operations.read]
sql = "SELECT sum(length(text)) FROM notes WHERE id BETWEEN :first AND :first + 99"
bind = { first = '{{ int(1, 900) }}' }
[operations.change]
update = "notes"
set = { text = '{{ sentence(4, 8) }}' }
[workloads.read]
mix = { read = 1 }
[workloads.mixed]
mix = { read = 80, change = 20 }
TOML

# measure FOLDER: one run.
measure() { "$runner" run work.toml --results "$1" --quiet >/dev/null 2>run.err || { cat run.err >&2; exit 2; }; }

# told: verdicts of the last comparison that are neither unchanged nor inconclusive.
told() {
    jq -r '[.scenarios[].cases[] | . as $case | .metrics[] | select(.verdict == "regressed" or .verdict == "improved")
        | "\($case.workload) \(.operation // "") \(.metric) \(.verdict) \((.ratio - 1) * 1000 | round / 10) %"] | .[]' compared.json
}

false_alarms=0 compared=0
echo 'the same twice:'
for pair in $(seq "$pairs"); do
    measure base && measure candidate
    "$runner" compare base candidate --format json > compared.json; code=$?
    [ "$code" -le 1 ] || exit 2
    alarms=$(told)
    count=$(grep -c . <<< "$alarms")
    false_alarms=$((false_alarms + count))
    compared=$((compared + $(jq '[.scenarios[].cases[].metrics[]] | length' compared.json)))
    echo "  $pair: exit $code, $(jq -r '[.scenarios[].cases[].metrics[].verdict] | group_by(.) | map("\(length) \(.[0])") | join(", ")' compared.json)"
    [ -z "$alarms" ] || sed 's/^/     /' <<< "$alarms"
done
found=0
echo '5 % slower:'
for pair in 1 2 3; do
    measure base
    RUNNER_TEST_DELAY_PERCENT=base:5 measure candidate
    "$runner" compare base candidate --format json > compared.json; code=$?
    throughput=$(jq -r '.scenarios[].cases[].metrics[] | select(.metric == "throughput" and .operation == null)
        | "throughput \(.base|floor) to \(.candidate|floor) (\(.ratio), \(.low) … \(.high)) \(.verdict)"' compared.json)
    echo "  $pair: exit $code"; sed 's/^/     /' <<< "$throughput"
    [ "$code" -eq 1 ] && found=$((found + 1))
done
echo "$false_alarms false alarms in $compared comparisons; $found of 3 slow-downs are regressions"
[ "$false_alarms" -le 1 ] && [ "$found" -eq 3 ]
