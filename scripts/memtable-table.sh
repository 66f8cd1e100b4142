#!/usr/bin/env bash
# Prints the table of docs/memtable.md from the results of the two scenarios: what the source expects beside what was measured.
#
#   runner run scenarios/memtable.toml scenarios/memtable-sqlite.toml
#   scripts/memtable-table.sh [RESULTS]
#
# RESULTS is the folder of the results, `results` where it is not given. Needed is jq.
set -euo pipefail
results=${1:-results}
none=$results/memtable.json
sqlite=$results/memtable-sqlite.json
for file in "$none" "$sqlite"; do
    [ -f "$file" ] || { printf 'failed: %s is not there; run the scenario first\n' "$file" >&2; exit 1; }
done

# Operations per second of a workload and its tasks: the median of the iterations, and its 95 % interval.
rate() {
    jq -r --arg workload "$2" --argjson tasks "$3" '
        def short: if . >= 1e6 then "\(. / 1e4 | round / 100) M" elif . >= 1e3 then "\(. / 1e2 | round / 10) k" else "\(round)" end;
        [.configurations[] | select(.workload == $workload and .concurrency == $tasks)][0]
        | if . == null then "–"
          elif .statistics.throughput == null then "\(.overall.throughput // .metrics.writesPerSecond | short)/s"
          elif .statistics.throughput.low == null then "\(.statistics.throughput.median | short)/s"
          else .statistics.throughput | "\(.median | short)/s (\(.low | short) to \(.high | short))" end' "$1"
}

line() {
    local what=$1 workload=$2 tasks=$3 expected=$4
    printf '| %s | %s | %s | %s |\n' "$what" "$expected" "$(rate "$none" "$workload" "$tasks")" "$(rate "$sqlite" "$workload" "$tasks")"
}

printf '| benchmark | the source expects (its hardware) | measured, nothing below | measured, SQLite below |\n| --- | --- | --- | --- |\n'
line '1. sequential inserts, 100' insert_100 1 '1 to 2 M/s'
line '1. sequential inserts, 1,000' insert_1k 1 '1 to 2 M/s'
line '1. sequential inserts, 10,000' insert_10k 1 '1 to 2 M/s'
line '2. concurrent inserts, 2 tasks' insert_concurrent 2 '–'
line '2. concurrent inserts, 4 tasks' insert_concurrent 4 '3 to 4 M/s'
line '2. concurrent inserts, 8 tasks' insert_concurrent 8 '–'
line '2. concurrent inserts, 16 tasks' insert_concurrent 16 '–'
line '3. get by the primary key' get 1 '5 to 10 M/s'
line '4. lookup by an index, one row' lookup 1 '3 to 5 M/s'
line '4. lookup by an index, 1,000 rows' lookup_many 1 '–'
line '4. lookup by the beginning of a text' lookup_prefix 1 '–'
line '5. half reads, half writes, 4 tasks' mixed 4 '–'
line '6. rotation and flush, 4 tasks' rotation 4 '–'
line '7. delete' delete 1 '1 to 2 M/s'
line '8. readers, 8 tasks' read_heavy 8 '–'
line '9. update' update 1 '1 to 2 M/s'
