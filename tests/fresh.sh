#!/usr/bin/env bash
# What a newcomer waits for, on this machine as it is now: a fresh clone of what is committed here, beside the targets
# for two quiet cores. A quarter of an hour, and the network.
# The clone goes under the folder that is named, or a temporary one: tests/fresh.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-$(mktemp -d)}
git clone --quiet . "$folder/clone"
cd "$folder/clone"
trap '[ -z "${lab:-}" ] || kill "$lab" 2>/dev/null || true; rm -rf "$folder/clone"' EXIT
unset IMBALANCED_DATA_HOME CARGO_TARGET_DIR CREDITCARD_CSV

rows=()
row() { # name, target in seconds, measured seconds
  rows+=("$(awk -v name="$1" -v target="$2" -v took="$3" 'BEGIN {
    printf "%-42s %8s %8s%s", name, "≤ " target " s", sprintf("%.1f s", took), (took > target) ? "  missed" : "" }')")
}
now() { date +%s.%N; }
since() { awk -v begin="$1" -v end="$(now)" 'BEGIN { print end - begin }'; }
wait_for() { # words in the log
  until grep -q "$1" "$folder/lab.log"; do
    kill -0 "$lab" 2>/dev/null || { cat "$folder/lab.log"; exit 1; }
    sleep 0.1
  done
}

start=$(now)
cargo build
row "launcher compiled" 45 "$(since "$start")"
cargo run --quiet -- --no-browser >"$folder/lab.log" 2>&1 &
lab=$!
wait_for "JupyterLab is at"
row "JupyterLab open, outputs readable" 150 "$(since "$start")"
wait_for "The kernel is ready"
row "everything set up" 480 "$(since "$start")"
kill "$lab" && wait "$lab" || true
lab=

measured=$(cargo run --quiet -- measure 2>"$folder/targets" || { cat "$folder/targets" >&2; exit 1; })
echo "$measured"
if browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome); then
  cargo run --quiet -- --no-browser >"$folder/lab.log" 2>&1 &
  lab=$!
  wait_for "JupyterLab is at"
  address=$(grep -o 'http://[^ ]*' "$folder/lab.log" | head -1)
  row "first result of 01, page open for 5 s" 1.5 "$(target/tutorial/python/bin/python tests/first_result.py "$browser" "$address")"
else
  echo "No Chromium: the first result in a browser is not measured."
fi
printf '%s\n' "${rows[@]}"
cat "$folder/targets"
