#!/usr/bin/env bash
# Runs into the limits of a machine: disks that fill up, a read-only folder, too few file descriptors. Prints what the runner made of each.
# Mounts file systems in memory, so it needs root and is no part of the tests.
#
#   sudo tests/heavy/limits.sh target/release/runner
set -uo pipefail

runner=$(realpath "${1:?the binary to test}")
scenarios=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../scenarios")
command -v jq >/dev/null || { echo 'jq is needed' >&2; exit 2; }
work=$(mktemp -d)
mounted=()
cleanup() {
    cd /
    for folder in "${mounted[@]}"; do umount "$folder" || umount -l "$folder"; done
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work"

# memory FOLDER SIZE: a small file system there.
memory() {
    mkdir -p "$1"
    mount -t tmpfs -o "size=$2" tmpfs "$1" || exit 2
    mounted+=("$work/$1")
}

# disk FOLDER SIZE: the same with ext4 on a file, where the machine can.
disk() {
    mkdir -p "$1"
    truncate -s "$2" "$1.img" && mkfs.ext4 -q -O '^has_journal' "$1.img" 2>/dev/null && mount -o loop "$1.img" "$1" 2>/dev/null || return 1
    mounted+=("$work/$1")
    rm -rf "$1/lost+found"
}

released() {
    umount "$work/$1"
    local rest=()
    for folder in "${mounted[@]}"; do [ "$folder" = "$work/$1" ] || rest+=("$folder"); done
    mounted=("${rest[@]}")
}

wrong=0
# expect WHAT CODE COMMAND...
expect() {
    local what=$1 wanted=$2 code=0 verdict='as expected'
    shift 2
    "$@" >stdout 2>stderr || code=$?
    if [ "$code" != "$wanted" ]; then
        verdict="NOT $wanted"
        wrong=1
    fi
    printf '%s: exit %d (%s)\n' "$what" "$code" "$verdict"
    sed 's/^/    /' stderr
}

# document NAME FILTER: prints a part of a result, which must be true of it.
document() {
    if jq -e "$2" "results/$1.json" >stdout 2>&1; then
        printf '    result: %s\n' "$(jq -c '{status, reason, levels: [.configurations[] | {concurrency, complete, succeeded}]}' "results/$1.json")"
    else
        printf '    result: NOT %s\n' "$2"
        wrong=1
    fi
}

nothing_left() {
    if [ -n "$(find db -type f)" ]; then
        echo "    NOT removed: $(find db -type f)"
        wrong=1
    fi
}

run() { "$runner" run "$scenarios/$1.toml" --quiet "${@:2}"; }
fill() { dd if=/dev/zero of="$1/ballast" bs=1k count="$2" status=none 2>/dev/null; }

for kind in memory disk; do
    for scenario in base-0 base-2; do
        if ! "$kind" db 4M; then
            echo "no $kind file system can be mounted here"
            continue
        fi
        off=(--set 'database.pragmas.synchronous=off')
        expect "db on a $kind file system of 4 MiB, $scenario" 4 run "$scenario" --total 60000 --concurrency '1,4' "${off[@]}"
        document "$scenario" '.status == "failed" and (.configurations | length) == 1 and (.configurations[0].complete | not)'
        nothing_left
        fill db 5000
        expect "db full from the start, $scenario" 4 run "$scenario" --total 200 --concurrency 1
        released db
        rm -rf results db db.img
    done
done

memory results 1M
fill results 2000
expect 'results full from the start' 5 run base-memory --total 200 --concurrency 1
released results

memory results 320k
expect 'results full after a few levels' 5 run base-memory --total 2000 --concurrency "$(seq -s, 1 60)"
ls -A results | sed 's/^/    left: /'
document base-memory '.status == "running" or .status == "completed"'
released results

memory results 1M
mount -o remount,ro "$work/results"
expect 'results on a read-only file system' 5 run base-memory --total 200 --concurrency 1
released results
rm -rf results db

limited() {
    (
        ulimit "$1" 64 || exit 99
        run base-0 --total 256 --concurrency 128 --set 'database.busy_timeout="60s"'
    )
}
expect '64 file descriptors, hard limit too, 128 workers' 3 limited -n
nothing_left 2>/dev/null
expect '64 file descriptors, soft limit only, 128 workers' 0 limited -Sn
exit "$wrong"
