#!/usr/bin/env bash
# Fails when a library needs more of the machine that it runs on than is promised: another shared library than those of the C
# library, or a newer glibc than 2.17; or when it still holds debug information, or a path of the machine that built it.
#
#   packaging/check-elf.sh TARGET FILE...
set -euo pipefail
triple=$1
shift
case $triple in
  *-linux-gnu) allowed='^(libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|ld-linux-[a-z0-9_-]+\.so\.[12])$' floor=2.17 ;;
  *-linux-musl) allowed='^(libc\.so|libc\.musl-[a-z0-9_]+\.so\.1)$' floor='' ;;
  *) echo "$triple has no ELF files" >&2; exit 2 ;;
esac
status=0
wrong() {
  echo "$1" >&2
  status=1
}
for file; do
  needed=$(readelf -dW "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  [[ -n $needed ]] || wrong "$file: is no shared library"
  foreign=$(grep -vE "$allowed" <<<"$needed" || true)
  [[ -z $foreign ]] || wrong "$file: needs ${foreign//$'\n'/, }"
  newest=$(readelf -VW "$file" | grep -oE '\bGLIBC_[0-9.]+' | sed 's/GLIBC_//' | sort -Vu | tail -n 1 || true)
  if [[ -n $floor ]]; then
    [[ -n $newest && $(printf '%s\n' "$newest" "$floor" | sort -V | tail -n 1) == "$floor" ]] || wrong "$file: needs glibc ${newest:-?}, not $floor"
  else
    [[ -z $newest ]] || wrong "$file: needs glibc $newest, and is for musl"
  fi
  if [[ ${PROFILE:-dist} != dev ]]; then
    ! readelf -SW "$file" | grep -qE ' \.(debug_info|symtab)\b' || wrong "$file: is not stripped"
    for path in "${CARGO_HOME:-$HOME/.cargo}/" "$PWD/"; do
      ! grep -qaF "$path" "$file" || wrong "$file: contains the path $path"
    done
  fi
  echo "$(basename "$file"): glibc ${newest:-none}, needs ${needed//$'\n'/ }"
done
exit "$status"
