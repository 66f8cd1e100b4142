#!/usr/bin/env bash
# What editors make of scenarios, with the real taplo (PyPI): every shipped file is accepted, wrong ones are refused, and the
# language server inside Even Better TOML (npm) explains and completes keys. Installs both into a temporary folder; needs python3 with venv,
# node and npm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# No newer one has been released to PyPI; another one may word its messages differently.
version=0.9.3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    printf 'failed: %s\n' "$*" >&2
    exit 1
}

# Exit 77: the tools cannot be had, which says nothing about the schema.
missing() {
    printf 'not checked: %s cannot be had here\n' "$1" >&2
    exit 77
}
for tool in python3 node npm; do command -v "$tool" >/dev/null || missing "$tool"; done
python3 -m venv "$work/venv" || missing 'the venv module of Python'
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "taplo==$version" || missing taplo
npm install --silent --no-audit --no-fund --prefix "$work/node" @taplo/lsp@0.8.0 || missing @taplo/lsp
taplo=$work/venv/bin/taplo

mapfile -t shipped < <(find scenarios -name '*.toml' | sort)
[ "${#shipped[@]}" -gt 0 ] || fail 'no scenario is shipped'
"$taplo" lint "${shipped[@]}" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail 'a shipped scenario is refused'
}
echo "accepted: ${#shipped[@]} shipped scenarios"

# refuse WORDS LINE...: base-0 with these lines before it is refused with a message that has the words.
refuse() {
    local words=$1 file=$work/wrong.toml
    shift
    {
        printf '#:schema %s\n' "$PWD/schemas/scenario.schema.json"
        printf '%s\n' "$@"
    } >"$file"
    if "$taplo" lint --no-auto-config "$file" >"$work/log" 2>&1; then fail "accepted: $*"; fi
    grep -qF -- "$words" "$work/log" || {
        cat "$work/log" >&2
        fail "refused without a word of $words: $*"
    }
    refused=$((refused + 1))
}
refused=0
right=('total_writes = 10' 'concurrency = [1]' '[database]' 'path = "db/x.db"' '[tables.t]' 'share = 1' '[tables.t.columns]' 'id = { type = "INTEGER PRIMARY KEY" }')
{
    printf '#:schema %s\n' "$PWD/schemas/scenario.schema.json"
    printf '%s\n' "${right[@]}"
} >"$work/right.toml"
"$taplo" lint --no-auto-config "$work/right.toml" >"$work/log" 2>&1 || fail "the right one is refused: $(cat "$work/log")"

refuse "'colour' was unexpected" 'colour = 1' "${right[@]}"
refuse '"never" is not one of' 'reset = "never"' "${right[@]}"
refuse '"42" is not of type "integer"' 'seed = "42"' "${right[@]}"
refuse '-1 is less than the minimum of 0' 'seed = -1' "${right[@]}"
refuse '5 is not of type "string"' "${right[@]:0:4}" 'busy_timeout = 5' "${right[@]:4}"
refuse '"5 seconds" does not match' "${right[@]:0:4}" 'busy_timeout = "5 seconds"' "${right[@]:4}"
refuse '"database" is a required property' "${right[@]:0:2}" "${right[@]:4}"
refuse '"mysql" is not one of' "${right[@]:0:3}" 'engine = "mysql"' "${right[@]:4}"
refuse '"tables" is a required property' "${right[@]:0:4}"
refuse "'typ' was unexpected" "${right[@]:0:7}" 'id = { typ = "INTEGER PRIMARY KEY" }'
refuse "'shares' was unexpected" "${right[@]:0:5}" 'shares = 1' "${right[@]:6}"
refuse '4096 is greater than the maximum of 1024' 'total_writes = 10' 'concurrency = [4096]' "${right[@]:2}"
refuse '8 is not of type "array"' 'total_writes = 10' 'concurrency = 8' "${right[@]:2}"
refuse "'where' was unexpected" "${right[@]}" '[operations.read]' 'get = "t"' 'where = "id"'
refuse '"often" is not one of' "${right[@]}" '[operations.read]' 'get = "t"' 'keys = "often"'
refuse '"metric" is a required property' "${right[@]}" '[[targets]]' 'max = "5ms"'
refuse '"max" is a required property' "${right[@]}" '[pool]' 'initial = 1'
refuse '2 is greater than the maximum of 1' "${right[@]}" '[operations.read]' 'get = "t"' 'hit_ratio = 2'
echo "refused: $refused wrong scenarios"

node tests/heavy/taplo_editor.mjs "$work/node" "$work/right.toml"
