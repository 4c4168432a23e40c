#!/usr/bin/env bash
# What a newcomer with another Rust gets: the first notebook, in a fresh clone of what is committed here; and all tests
# where the third word is `tests`. A quarter of an hour without them, and the network.
# The clone goes under the folder that is named, or a temporary one: tests/toolchain.sh TOOLCHAIN [FOLDER [tests]]
set -euo pipefail
folder=$(realpath "${2:-$(mktemp -d)}")
cd "$(dirname "$0")/.."

export RUSTUP_TOOLCHAIN=${1:?name a toolchain of rustup, such as beta}
rustup run "$1" rustc --version >/dev/null 2>&1 || rustup toolchain install "$1" --profile minimal
trap 'rm -rf "$folder"/{clone,cargo,path}' EXIT
git clone --quiet . "$folder/clone"
cd "$folder/clone"
unset IMBALANCED_DATA_HOME CARGO_TARGET_DIR CREDITCARD_CSV

# A newcomer has no evcxr_jupyter, neither on PATH nor in cargo's own folder, which rustup puts there.
mkdir "$folder/path"
for program in cargo rustc rustdoc rustup; do ln -s "$(command -v rustup)" "$folder/path/$program"; done
while evcxr=$(command -v evcxr_jupyter); do
  PATH=$(tr : '\n' <<<"$PATH" | grep -vxF "${evcxr%/*}" | paste -sd:)
done
export CARGO_HOME=$folder/cargo PATH=$folder/path:$PATH

failed=0
rows=("$(rustc --version)")
run() { # what cargo is told
  local start=$SECONDS outcome=well
  cargo "$@" || { outcome=FAILED; failed=1; }
  rows+=("$(printf '%-36s %5d s  %s' "cargo $*" $((SECONDS - start)) "$outcome")")
}
run build
run run --quiet -- execute 01
[ "${3:-}" != tests ] || run test --workspace
printf '%s\n' "${rows[@]}"
exit "$failed"
