#!/bin/sh
# Stands before rustc: notes the folder, the environment and the command that compile a cell.
case " $* " in
*" --crate-name ctx "*) { printf '%s\0' "$PWD" && env -0 && printf '\0' && printf '%s\0' "$@"; } >"$IMBALANCED_DATA_NOTE" 2>/dev/null ;;
esac
exec "$@"
