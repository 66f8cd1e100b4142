#!/usr/bin/env bash
# Runs a command beside a PostgreSQL server of its own: made for it in a temporary folder, stopped and removed after it.
#
#   scripts/with-postgres.sh cargo test                            the tests, those on a server included
#   scripts/with-postgres.sh target/release/runner run scenarios/base-postgres.toml
#   scripts/with-postgres.sh --set fsync=off cargo test            with settings of the server
#
# The command finds the server by its environment:
#   RUNNER_TEST_POSTGRES        postgres://postgres@127.0.0.1:PORT/postgres, for tests
#   RUNNER_POSTGRES_URL         the same, for the shipped scenarios
#   RUNNER_TEST_POSTGRES_CERT   the certificate that the server's own is signed with, for sslmode=verify-full
#   RUNNER_TEST_POSTGRES_DATA   the folder with its data
#   RUNNER_TEST_POSTGRES_BIN    the folder with its programs: psql, pgbench
#   RUNNER_TEST_POSTGRES_CTL    this script, for tests that need a server which they may stop
#
# Such tests make one of their own, and handle it by its folder:
#   scripts/with-postgres.sh --start FOLDER [--set NAME=VALUE]...  makes one in a folder that is not there, or starts the one
#                                                                  in it again, on the same port; prints the variables above
#   scripts/with-postgres.sh --stop FOLDER [MODE]                  fast (which is the default), immediate (as a crash), or smart
#   scripts/with-postgres.sh --remove FOLDER                       stops it and removes the folder
#
# It listens on the loopback interface alone. Anyone on this machine may connect as `postgres` without a password; the role
# `with_password` needs the password `correct horse`, the role `with_tls` needs TLS. Its settings are PostgreSQL's own but for
# the number of connections, so that it can be measured, too.
#
# PostgreSQL's programs are looked for in PATH and in /usr/lib/postgresql; on Debian: apt-get install postgresql openssl.
set -euo pipefail

fail() {
    printf 'with-postgres: %s\n' "$*" >&2
    exit 1
}

usage() {
    awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "${BASH_SOURCE[0]}"
}

self=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/$(basename "${BASH_SOURCE[0]}")
mark='made by scripts/with-postgres.sh'

# The programs, of the newest version that is there.
find_programs() {
    bin=
    local found
    for found in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV) \
        "$(dirname "$(command -v pg_ctl || echo /none/pg_ctl)")"; do
        if [ -x "$found/pg_ctl" ] && [ -x "$found/initdb" ] && [ -x "$found/postgres" ]; then
            bin=$found
            break
        fi
    done
    [ -n "$bin" ] || fail 'PostgreSQL is not installed (on Debian: apt-get install --no-install-recommends postgresql)'
    command -v openssl >/dev/null || fail 'openssl is not installed, which makes the certificate'
    # PostgreSQL refuses to run as root.
    user=
    if [ "$(id -u)" = 0 ]; then
        command -v runuser >/dev/null || fail 'runuser is needed, since PostgreSQL does not run as root'
        for user in postgres nobody; do ! id "$user" >/dev/null 2>&1 || break; done
    fi
}

# Does something as the owner of the server.
as_owner() {
    if [ -n "$user" ]; then
        # From a folder that the other user may read.
        (cd / && runuser -u "$user" -- "$@")
    else
        "$@"
    fi
}

# A certificate for the server, signed by one that clients can be told to trust.
certify() {
    local folder=$1 key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    {
        openssl req -x509 "${key[@]}" -days 30 -subj '/CN=with-postgres' \
            -keyout "$folder/root.key" -out "$folder/root.crt"
        openssl req "${key[@]}" -subj '/CN=localhost' -keyout "$folder/server.key" -out "$folder/server.csr"
        printf 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$folder/server.ext"
        openssl x509 -req -in "$folder/server.csr" -CA "$folder/root.crt" -CAkey "$folder/root.key" -set_serial 1 \
            -days 30 -extfile "$folder/server.ext" -out "$folder/server.crt"
    } >"$folder/openssl.log" 2>&1 || {
        cat "$folder/openssl.log" >&2
        fail 'openssl made no certificate'
    }
    rm "$folder/root.key" "$folder/server.csr" "$folder/server.ext"
    chmod 600 "$folder/server.key"
}

# Makes a cluster in a folder that exists and is empty.
make() {
    local folder=$1 setting
    echo "$mark" >"$folder/made"
    certify "$folder"
    # Others find the certificate here, and nothing else.
    chmod 711 "$folder"
    [ -z "$user" ] || chown -R "$user" "$folder"
    as_owner test -x "$folder" || fail "the user $user cannot reach $folder: set TMPDIR to a folder that it can reach"
    as_owner "$bin/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 --locale C \
        --no-sync >"$folder/initdb.log" 2>&1 || {
        cat "$folder/initdb.log" >&2
        fail 'initdb made no cluster'
    }
    cat >"$folder/data/pg_hba.conf" <<'RULES'
host      all with_password 127.0.0.1/32 scram-sha-256
hostnossl all with_tls      127.0.0.1/32 reject
host      all all           127.0.0.1/32 trust
RULES
    cat >>"$folder/data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
ssl = on
ssl_cert_file = '$folder/server.crt'
ssl_key_file = '$folder/server.key'
SETTINGS
    for setting in "${settings[@]+"${settings[@]}"}"; do
        [[ $setting == [a-z]*=* ]] || fail "not a setting: $setting (write NAME=VALUE)"
        printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}" >>"$folder/data/postgresql.conf"
    done
    printf '%s\n' "CREATE ROLE with_password LOGIN SUPERUSER PASSWORD 'correct horse';" \
        'CREATE ROLE with_tls LOGIN SUPERUSER;' >"$folder/roles.sql"
    if ! as_owner "$bin/postgres" --single -D "$folder/data" postgres <"$folder/roles.sql" >"$folder/roles.log" 2>&1 \
        || grep -q 'ERROR' "$folder/roles.log"; then
        cat "$folder/roles.log" >&2
        fail 'the server refused its settings or its roles'
    fi
}

# Starts the cluster in a folder: on the port that it had, or else on one that is free.
start() {
    local folder=$1 attempt port
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        # Below the ports that systems give out by themselves.
        port=$(cat "$folder/port" 2>/dev/null || echo $((20000 + (RANDOM * 32768 + RANDOM) % 12000)))
        if as_owner "$bin/pg_ctl" start --silent --wait --timeout 60 -D "$folder/data" -l "$folder/server.log" \
            -o "-p $port" </dev/null >"$folder/start.log" 2>&1; then
            echo "$port" >"$folder/port"
            return
        fi
        [ ! -e "$folder/port" ] || break
        grep -q 'could not bind' "$folder/server.log" || break
        rm -f "$folder/server.log"
    done
    cat "$folder/start.log" "$folder/server.log" >&2 || true
    fail "the server did not start, attempt $attempt"
}

stop() {
    local folder=$1 mode=$2
    [ ! -e "$folder/data/postmaster.pid" ] || as_owner "$bin/pg_ctl" stop --silent --wait --mode "$mode" -D "$folder/data"
}

remove() {
    local folder=$1
    [ ! -e "$folder/data" ] || stop "$folder" immediate >/dev/null 2>&1 || true
    rm -rf "$folder"
}

# The variables by which a command finds the server in a folder.
variables() {
    local folder=$1 url
    url="postgres://postgres@127.0.0.1:$(cat "$folder/port")/postgres"
    printf '%s=%s\n' RUNNER_TEST_POSTGRES "$url" RUNNER_POSTGRES_URL "$url" \
        RUNNER_TEST_POSTGRES_CERT "$folder/root.crt" RUNNER_TEST_POSTGRES_DATA "$folder/data" \
        RUNNER_TEST_POSTGRES_BIN "$bin" RUNNER_TEST_POSTGRES_CTL "$self"
}

# A folder that this script made, as an absolute path.
made_here() {
    [ "$(cat "$1/made" 2>/dev/null)" = "$mark" ] || fail "$1 was not made by this script"
    (cd "$1" && pwd)
}

settings=() action=run folder=
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage && exit ;;
        --set)
            settings+=("${2:?--set needs NAME=VALUE}")
            shift 2
            ;;
        --start | --stop | --remove)
            action=${1#--} folder=${2:?"$1 needs a folder"}
            shift 2
            ;;
        --)
            shift
            break
            ;;
        -*) fail "unknown option $1; see --help" ;;
        *) break ;;
    esac
done

find_programs
case $action in
    start)
        [ $# = 0 ] || fail "--start takes a folder and settings, not $1"
        if [ ! -e "$folder" ]; then
            mkdir "$folder"
            folder=$(cd "$folder" && pwd)
            trap 'remove "$folder"' EXIT
            make "$folder"
        else
            folder=$(made_here "$folder")
        fi
        start "$folder"
        trap - EXIT
        variables "$folder"
        ;;
    stop)
        folder=$(made_here "$folder")
        stop "$folder" "${1:-fast}"
        ;;
    remove)
        folder=$(made_here "$folder")
        remove "$folder"
        ;;
    run)
        [ $# -gt 0 ] || fail 'no command was given; see --help'
        folder=$(mktemp -d "${TMPDIR:-/tmp}/with-postgres.XXXXXX")
        trap 'remove "$folder"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        make "$folder"
        start "$folder"
        while IFS= read -r variable; do export "${variable?}"; done < <(variables "$folder")
        # In the background, so that a signal to this script alone reaches the command, too. Ctrl-C reaches both by itself.
        (
            trap - INT TERM HUP EXIT
            exec "$@"
        ) <&0 &
        command=$!
        trap ':' INT
        trap 'kill -TERM "$command" 2>/dev/null' TERM HUP
        code=0
        while true; do
            code=0
            wait "$command" || code=$?
            # A signal ends the waiting, not the command.
            kill -0 "$command" 2>/dev/null || break
        done
        exit "$code"
        ;;
esac
