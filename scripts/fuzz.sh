#!/bin/bash
# Builds the fuzzer and runs every target for a while; finds are kept, so that the next run goes on from there.
#
#   SECONDS_PER_TARGET   how long each target runs (60)
#   TARGETS              which ones (all)
#   OUT                  where corpus, finds and report go (out)
#
# Exit code 1 when an input crashed, hung or ran out of memory; the report names the file that replays it.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${SECONDS_PER_TARGET:-60}
out=${OUT:-out}
mkdir -p "$out/fuzz"
out=$(cd "$out" && pwd)

# The fuzzer's runtime lies beside the compiler.
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
runtime=$(find "$toolchain" -name "libclang_rt.fuzzer_no_main-$(uname -m).a" | head -1)
if [[ -z "$runtime" ]]; then
    echo "fuzz: no libFuzzer runtime beside swiftc" >&2
    exit 2
fi

swift build --package-path Fuzz -c release --sanitize=address \
    -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table \
    -Xlinker "$runtime" -Xlinker -lstdc++ --product smartstore-libfuzzer
fuzzer=Fuzz/.build/release/smartstore-libfuzzer

export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no
status=0
report=""
for target in ${TARGETS:-$("$fuzzer" --list)}; do
    corpus=$out/fuzz/$target
    finds=$out/fuzz/finds
    log=$out/fuzz/$target.log
    mkdir -p "$corpus" "$finds"
    case $target in
        file) longest=40960 ;;
        bson | json) longest=8192 ;;
        *) longest=400 ;;
    esac
    started=$(date +%s)
    code=0
    "$fuzzer" "$target" -max_total_time="$seconds" -max_len=$longest -timeout=20 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$finds/$target-" \
        "$corpus" "Fuzz/Corpus/$target" >"$log" 2>&1 || code=$?
    took=$(($(date +%s) - started))
    cases=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
    coverage=$(awk '/cov:/ { for (i = 1; i < NF; i++) if ($i == "cov:") last = $(i + 1) } END { print last }' "$log")
    failures=""
    if [[ $code -ne 0 ]]; then
        status=1
        found=$(awk -F 'written to ' '/Test unit written to/ { print $2; exit }' "$log")
        replay="make replay TARGET=$target FILE=${found#"$out/"}"
        failures="\"exit code $code; $replay\""
        echo "$target: FAILED, ${found:-see $log}" >&2
    fi
    echo "$target: ${cases:-0} inputs in $took s, ${coverage:-0} edges"
    note="target $target, ${coverage:-0} edges reached"
    entry="{\"row\": \"fuzz\", \"cases\": ${cases:-0}, \"failures\": [$failures],"
    entry="$entry \"seconds\": $took, \"note\": \"$note\"}"
    report="$report${report:+,
  }$entry"
done
printf '[\n  %s\n]\n' "$report" >"$out/prove-fuzz.json"
exit $status
