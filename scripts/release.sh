#!/usr/bin/env bash
# Makes the binary for people without Rust: one static file for Linux, with what belongs to it, in dist/.
#
#   scripts/release.sh              for this machine's architecture
#   scripts/release.sh aarch64      for another one, where a C compiler for it is installed (aarch64-linux-musl-gcc)
#
# Needed are rustup and a C compiler for musl; on Debian: apt-get install musl-tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf 'failed: %s\n' "$*" >&2
    exit 1
}

here=$(uname -m)
arch=${1:-$here}
target=$arch-unknown-linux-musl
variable=CC_${target//-/_}
if [ -z "${!variable:-}" ]; then
    for compiler in "$arch-linux-musl-gcc" musl-gcc; do
        if command -v "$compiler" >/dev/null; then
            export "$variable=$compiler"
            break
        fi
    done
fi
[ -n "${!variable:-}" ] || fail "no C compiler for musl: apt-get install musl-tools, or set $variable"
rustup target list --installed | grep -qx "$target" || rustup target add "$target"

# Names of functions stay, for `--profile`; lines and files go.
# What the package holds follows from the commit alone, so nothing of this machine's paths gets into the binary.
remap="--remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
RUSTFLAGS="${RUSTFLAGS:-} $remap -C strip=debuginfo -C target-feature=+crt-static" \
    cargo build --release --locked --target "$target"
binary=${CARGO_TARGET_DIR:-target}/$target/release/runner

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=runner-$version-$arch-linux-musl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=$work/$name
mkdir -p "$package/completions" "$package/man/man1" "$package/db" "$package/results" "$package/docs"
install -m 755 "$binary" "$package/runner"
cp README.md CHANGELOG.md "$package/"
cp -r scenarios schemas "$package/"
cp docs/*.md "$package/docs/"
cp db/README.md "$package/db/"
cp results/README.md "$package/results/"

if readelf -lW "$package/runner" | grep -q INTERP; then
    fail 'the binary needs a loader: it is not static'
fi

if [ "$arch" = "$here" ]; then
    "$package/runner" completions bash >"$package/completions/runner.bash"
    "$package/runner" completions zsh >"$package/completions/_runner"
    "$package/runner" completions fish >"$package/completions/runner.fish"
    "$package/runner" completions man --dir "$package/man/man1"

    # It works from its package alone, in an empty environment.
    cd "$package"
    env -i ./runner --version
    env -i ./runner check scenarios/*.toml >/dev/null
    env -i ./runner run --quick --quiet --concurrency 1 --results "$work/results" \
        --set "database.path=\"$work/try.db\"" scenarios/base-0.toml
    grep -q '"status": "verified"' "$work/results/base-0.json" || fail 'a run with the binary was not verified'
    cd - >/dev/null
else
    rmdir "$package/completions" "$package/man/man1" "$package/man"
fi

mkdir -p dist
date=$(git log -1 --format=@%ct 2>/dev/null || echo @0)
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="$date" -C "$work" -cf - "$name" | gzip -9n >"dist/$name.tar.gz"
cd dist
sha256sum ./*.tar.gz | sed 's|\./||' >SHA256SUMS
sha256sum --check SHA256SUMS
ls -l "$name.tar.gz"
