#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every fuzz target under libFuzzer, ASan and UBSan for FUZZ_SECONDS (35) each,
# from the seeds in corpus/NAME, tests/vectors/NAME and NAME-pairs; FUZZ_ONLY="call
# sdp" takes some of them. What it finds stays in $TEST_OUT.
top=$(cd "$(dirname "$0")/../.." && pwd)
out=${TEST_OUT:-$top/out/fuzz}
seconds=${FUZZ_SECONDS:-35}

if ! command -v clang >/dev/null; then
  echo "ok - libFuzzer # SKIP no clang"
  exit 0
fi
mkdir -p "$out" || exit 1
if [ ! -f "$out/build/build.ninja" ]; then
  CC=clang meson setup "$out/build" "$top" -Dfuzzers=true -Db_lundef=false \
    -Dserver=disabled -Dexamples=disabled >"$out/setup.log" 2>&1 || {
    cat "$out/setup.log"
    echo "not ok - libFuzzer # cannot be configured"
    exit 1
  }
fi

status=0
for source in "$top"/tests/fuzz/fuzz-*.c; do
  name=$(basename "$source" .c)
  [ "$name" = fuzz-main ] && continue
  case " ${FUZZ_ONLY:-${name#fuzz-}} " in *" ${name#fuzz-} "*) ;; *) continue ;; esac
  seeds=
  for folder in "$top/tests/fuzz/corpus/${name#fuzz-}" "$top/tests/vectors/${name#fuzz-}" \
      "$top/tests/vectors/${name#fuzz-}-pairs"; do
    [ -d "$folder" ] && seeds="$seeds $folder"
  done
  target=$out/build/tests/fuzz/$name
  mkdir -p "$out/$name-corpus"
  if ! ninja -C "$out/build" "tests/fuzz/$name" >"$out/$name-build.log" 2>&1; then
    cat "$out/$name-build.log"
    echo "not ok - $name # does not build"
    status=1
  # Twice: fast, and all that was interesting once more for leaks, which takes
  # whole stacks to tell ours from those that GLib keeps on purpose.
  elif ASAN_OPTIONS=detect_leaks=0 \
      "$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 \
      -artifact_prefix="$out/$name-" "$out/$name-corpus" $seeds \
      >"$out/$name.log" 2>&1 \
      && ASAN_OPTIONS=fast_unwind_on_malloc=0 \
      LSAN_OPTIONS="suppressions=$top/tests/support/lsan.supp" \
      "$target" -runs=1 -artifact_prefix="$out/$name-" "$out/$name-corpus" \
      $seeds >>"$out/$name.log" 2>&1; then
    echo "ok - $name $(sed -n 's/^Done \([0-9]*\) runs.*/\1 runs/p' "$out/$name.log" | head -n 1)"
  else
    tail -n 40 "$out/$name.log"
    echo "not ok - $name # see $out/$name.log"
    status=1
  fi
done
exit $status
