#!/usr/bin/env bash
# Shows SmartStore at work on the notes of Examples/knowledge-base: import, search, cache, audit, a killed writer.
#
# Everything happens in a temporary folder that is removed at the end. Every line marked "ok" was checked; the first
# check that does not hold ends the demo with status 1. Needs nothing but what scripts/setup.sh installs.
set -euo pipefail
export LC_ALL=C

cd "$(dirname "$0")/.."
data=Examples/knowledge-base
note_count=2000

# ---------------------------------------------------------------- helpers

section=0
heading() {
    section=$((section + 1))
    printf '\n%d. %s\n' "$section" "$1"
}
say() { printf '   %s\n' "$*"; }
ok() { printf '   ok  %s\n' "$*"; }
fail() {
    printf '\nThe demo failed: %s\n' "$*" >&2
    exit 1
}
# expect WHAT CONDITION...: the condition is a command; its success is what was promised.
expect() {
    local what=$1
    shift
    "$@" || fail "this does not hold: $what"
    ok "$what"
}

# Microseconds, from bash itself where it knows them.
now() {
    if [[ -n ${EPOCHREALTIME:-} ]]; then
        printf '%s' "${EPOCHREALTIME/./}"
    else
        perl -MTime::HiRes=time -e 'printf "%d", time() * 1e6'
    fi
}
milliseconds() { printf '%d.%d ms' $(($1 / 1000)) $(($1 % 1000 / 100)); }
seconds() { printf '%d.%d s' $(($1 / 1000000)) $(($1 % 1000000 / 100000)); }
# The digits in groups of three.
grouped() { printf '%s' "$1" | sed -E ':again
s/^([0-9]+)([0-9]{3})/\1,\2/
t again'; }

# field NAME JSON: the first plain value of that name.
field() { grep -oE "\"$1\":(\"[^\"]*\"|[^],}]*)" <<<"$2" | head -n 1 | sed -E 's/^[^:]*://; s/^"(.*)"$/\1/'; }

# JSON string content as text.
unescape() { sed -e 's/\\"/"/g' -e 's/\\\\/\\/g'; }

query_text() { sed -n "$(($1 + 1))p" "$data/queries.jsonl" | sed -E 's/.*"text":"(.*)"\}$/\1/' | unescape; }
# Row N of the matrix of queries as a JSON array: a header of 128 bytes, then rows of 384 floats.
query_vector() {
    od -A n -v -t f4 -j $((128 + $1 * 1536)) -N 1536 "$data/queries.f32.npy" |
        tr -s ' \n' ',,' | sed -e 's/^,*/[/' -e 's/,*$/]/'
}

# ---------------------------------------------------------------- a temporary folder, removed at the end

scratch=$(mktemp -d "${TMPDIR:-/tmp}/smartstore-demo.XXXXXX")
store=$scratch/knowledge.store
child=
clean_up() {
    local status=$?
    trap - EXIT
    [[ -z $child ]] || { kill -9 "$child" && wait "$child"; } 2>/dev/null || true
    rm -rf "$scratch"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

secret=(--passphrase-file "$scratch/passphrase")
notes=("$data/notes.jsonl.gz" --vectors "$data/embeddings.f16.npy" --field embedding --index-vectors cosine)
cli() { "$tool" "$@" "${secret[@]}"; }

# A session is one process that holds the store open and answers one line for each line: it turns the passphrase into
# a key only once, as a program with the store built in does.
open_session() {
    mkfifo "$scratch/ask" "$scratch/answer"
    "$tool" run "$store" "${secret[@]}" --actor demo --audit <"$scratch/ask" >"$scratch/answer" &
    child=$!
    exec 3>"$scratch/ask" 4<"$scratch/answer"
    ask '{"ping":1}'
}
close_session() {
    exec 3>&- 4<&-
    wait "$child" || fail "the session ended with status $?"
    child=
    rm "$scratch/ask" "$scratch/answer"
}
# ask COMMAND: sets `reply`, and `took` in microseconds.
ask() {
    local begin
    begin=$(now)
    printf '%s\n' "$1" >&3
    IFS= read -r reply <&4 || fail "the session ended instead of answering"
    took=$(($(now) - begin))
    [[ $reply == *'"ok":1'* ]] || fail "the session answered $reply"
}

search_command() { # ROW K MORE-FIELDS
    printf '{"vectorSearch":"notes","field":"embedding","vector":%s,"k":%d,"projection":{"text":1}%s}' \
        "$(query_vector "$1")" "$2" "${3:-}"
}
found_ids() { grep -oE '\{"_id":[0-9]+,"score"' <<<"$reply" | grep -oE '[0-9]+'; }
# Prints score and text of each hit of the reply, cut to the width of a page.
show_hits() {
    local line score text
    grep -oE '"score":[-0-9.eE]+,"document":\{"_id":[0-9]+,"text":"([^"\\]|\\.)*"' <<<"$reply" |
        while IFS= read -r line; do
            score=$(field score "$line")
            text=$(sed -E 's/.*"text":"(.*)"$/\1/' <<<"$line" | unescape)
            if ((${#text} > 92)); then
                text=${text:0:89}
                text="${text% *} ..." # at a space, so that no character is cut in two
            fi
            printf '       %.3f  %s\n' "$score" "$text"
        done
}

# ---------------------------------------------------------------- 1

heading "Set-up and build"
scripts/setup.sh | sed 's/^setup: /   /'
say "swift build -c release --product smartstore-cli (the first time takes a few minutes)"
if [[ -t 1 ]]; then
    swift build -c release --product smartstore-cli || fail "the build"
else
    swift build -c release --product smartstore-cli >"$scratch/build.log" 2>&1 || {
        cat "$scratch/build.log" >&2
        fail "the build"
    }
fi
tool=$(swift build -c release --show-bin-path)/smartstore-cli
ok "$("$tool" version)"
started=$(now)

# ---------------------------------------------------------------- 2

heading "An encrypted store"
(umask 077 && head -c 24 /dev/urandom | base64 >"$scratch/passphrase")
cli create "$store" >"$scratch/created"
say "created with a random passphrase: scrypt makes the key, AES-256-GCM seals each page of" \
    "$(field pageBytes "$(cat "$scratch/created")") bytes"
printf 'not the passphrase\n' >"$scratch/other"
refused() { ! "$tool" stats "$store" --passphrase-file "$scratch/other" >/dev/null 2>"$scratch/refusal"; }
expect "another passphrase is refused" refused
say "$(head -n 1 "$scratch/refusal")"

# ---------------------------------------------------------------- 3

heading "Import: $note_count notes with their embeddings (384 dimensions), and a vector index"
summary=$(cli import "$store" notes "${notes[@]}" --batch 250)
say "$(grouped "$(field imported "$summary")") notes on the disk after $(field seconds "$summary") s," \
    "their vectors linked after another $(field linkSeconds "$summary") s"
expect "$(grouped "$note_count") notes imported" test "$(field imported "$summary")" = "$note_count"
collections=$(cli collections "$store")
kind="$(field metric "$collections"), $(field storage "$collections")"
expect "$(grouped "$note_count") vectors in the index ($kind)" \
    test "$(field vectors "$collections")" = "$note_count"

# ---------------------------------------------------------------- 4

heading "Search by meaning (one process, store opened once)"
open_session
say "opened in $(milliseconds "$took"), nearly all of it scrypt"
for row in 8 0 4 7 10; do
    command=$(search_command "$row" 3)
    ask "$command"
    printf '\n   "%s"  %s\n' "$(query_text "$row")" "$(milliseconds "$took")"
    show_hits
done
command=$(search_command 8 3 ',"filter":{"_id":{"$gte":1000}}')
ask "$command"
printf '\n   the first again, only among notes 1000 to 1999  %s\n' "$(milliseconds "$took")"
show_hits
in_filter() { [[ $(found_ids | awk '$1 >= 1000' | wc -l) -eq 3 ]]; }
echo
expect "the filter holds, and still finds as many as were asked for" in_filter

agreed=0
for ((row = 0; row < 12; row++)); do
    ask "$(search_command "$row" 10)"
    found_ids | sort >"$scratch/approximate"
    ask "$(search_command "$row" 10 ',"exact":true')"
    found_ids | sort >"$scratch/exact"
    agreed=$((agreed + $(comm -12 "$scratch/approximate" "$scratch/exact" | wc -l)))
done
expect "of the 120 nearest notes to the 12 queries, the index finds $agreed" test "$agreed" -ge 114

# ---------------------------------------------------------------- 5

heading "The same query from the cache"
close_session
# The first call computes the answer and keeps it for half an hour; the second is another process. Both times are the
# tool's own, without its start and without the passphrase.
repeated=(search "$store" notes --field embedding --npy "$data/queries.f32.npy" --row 8 --k 3
    --projection '{"text":1}' --cache 1800)
cli "${repeated[@]}" >"$scratch/computed" 2>"$scratch/computed.time"
cli "${repeated[@]}" >"$scratch/cached" 2>"$scratch/cached.time"
say "first process:  $(cat "$scratch/computed.time") (pages read, answer computed and stored)"
say "second process: $(cat "$scratch/cached.time")"
from_cache() { grep -q 'from the cache' "$scratch/cached.time" && ! grep -q cache "$scratch/computed.time"; }
expect "computed once, then taken from the cache" from_cache
expect "the answers are the same" cmp -s "$scratch/computed" "$scratch/cached"
key=$(field key "$(cli cache keys "$store")")
lifetime=$(field ttlMilliseconds "$(cli cache ttl "$store" "$key")")
expect "the entry lives in the file, for another $((lifetime / 1000)) s" test "$lifetime" -gt 0
cli cache set "$store" greeting "hello" --ttl 60 >/dev/null
expect "so do entries of your own" test "$(cli cache get "$store" greeting --raw)" = hello

# ---------------------------------------------------------------- 6

heading "The audit trail"
remark='{"insert":"remarks","documents":[{"_id":1,"note":8,"text":"try this one"}]}'
expect "ada inserts a remark" test "$(field ok "$(cli run "$store" --actor ada --audit <<<"$remark")")" = 1
cli audit list "$store" >"$scratch/audit"
{ head -n 2 "$scratch/audit"; tail -n 1 "$scratch/audit"; } | while IFS= read -r line; do
    say "$(printf '%4d  %s  %-14s  %-6s  %s' "$(field sequence "$line")" "$(field '[$]date' "$line")" \
        "$(field actor "$line")" "$(field action "$line")" "$(field target "$line")")"
done
verified=$(cli audit verify "$store")
chain_holds() {
    [[ $(field valid "$verified") == true && $(field entries "$verified") -eq $(wc -l <"$scratch/audit") ]]
}
expect "the chain of $(field entries "$verified") entries holds; head $(field head "$verified" | cut -c 1-16)..." \
    chain_holds

# ---------------------------------------------------------------- 7

heading "A writer is killed in the middle of an import"
# Batches of ten; each is acknowledged with the number of its last line, after it is on the disk.
mkfifo "$scratch/acknowledged"
"$tool" import "$store" drafts "${notes[@]}" "${secret[@]}" --batch 10 --acknowledge - \
    >"$scratch/acknowledged" 2>/dev/null &
child=$!
acknowledged=0
batches=0
status=0
{ # Where bash says "Killed" as well.
    while IFS= read -r line; do
        [[ $line =~ ^[0-9]+$ ]] || continue
        acknowledged=$line
        batches=$((batches + 1))
        [[ $batches -ne 60 ]] || kill -9 "$child"
    done <"$scratch/acknowledged"
    wait "$child" || status=$?
} 2>/dev/null
child=
killed() { [[ $status -eq 137 && $acknowledged -ge 600 && $acknowledged -lt $note_count ]]; }
expect "kill -9 after $acknowledged of $note_count notes were acknowledged" killed
lonely() { [[ $(cd "$scratch" && echo *.store*) == knowledge.store ]]; }
expect "nothing is left beside the file" lonely
report=$(cli check "$store") || fail "the check: $report"
expect "it opens and checks clean" test "$(field findings "$report")" = 0
open_session
ask '{"count":"drafts"}'
held=$(field n "$reply")
ask "{\"count\":\"drafts\",\"query\":{\"_id\":{\"\$lt\":$acknowledged}}}"
expect "every acknowledged note is there ($(field n "$reply"))" test "$(field n "$reply")" -eq "$acknowledged"
close_session
whole() { [[ $((held % 10)) -eq 0 && $held -ge $acknowledged && $held -le $((acknowledged + 10)) ]]; }
expect "and nothing but whole batches ($held notes: at most one batch was on the disk without its answer)" whole
vectors=$(field vectors "$(cli collections "$store" | grep '"name":"drafts"')")
expect "notes and vectors agree ($vectors vectors)" test "$vectors" -eq "$held"
summary=$(cli import "$store" drafts "${notes[@]}" --batch 10)
expect "the same command again brings the other $((note_count - held)), none twice" \
    test "$(field imported "$summary")" -eq $((note_count - held))
count=$(cli run "$store" <<<'{"count":"drafts"}')
expect "$note_count notes in the end" test "$(field n "$count")" -eq "$note_count"

# ---------------------------------------------------------------- 8

heading "What a thief sees"
printable() {
    if command -v strings >/dev/null 2>&1; then strings -n 8 "$1"; else tr -c '[:print:]' '\n' <"$1"; fi
}
# The first 24 bytes of every text, as it would stand in an unencrypted file.
gunzip -c "$data/notes.jsonl.gz" | sed -E 's/.*"text":"(.*)"\}$/\1/' | grep -v '\\' | cut -c 1-24 |
    grep -E '^[ -~]{24}$' | sort -u >"$scratch/texts"
texts_in() { printable "$1" | grep -oF -f "$scratch/texts" | sort -u | wc -l | tr -d ' '; }
"$tool" create "$scratch/plain.store" --no-encryption >/dev/null
"$tool" import "$scratch/plain.store" notes "$data/notes.jsonl.gz" >/dev/null 2>&1
plain=$(texts_in "$scratch/plain.store")
sought=$(wc -l <"$scratch/texts" | tr -d ' ')
expect "'strings' finds $plain of $sought texts in a store made with --no-encryption" \
    test "$plain" -gt $((sought * 9 / 10))
expect "and none of them in the encrypted one" test "$(texts_in "$store")" -eq 0

# ---------------------------------------------------------------- 9

heading "Sizes"
row() { printf '   %-56s %12s bytes\n' "$1" "$(grouped "$2")"; }
row "notes as JSON" "$(gunzip -c "$data/notes.jsonl.gz" | wc -c)"
row "embeddings as float16" "$(wc -c <"$data/embeddings.f16.npy")"
row "the store: both twice, two indexes, cache, audit" "$(wc -c <"$store")"
sizes=$(cli stats "$store")
row "  of these, free for the next commits" \
    $(($(field freePages "$sizes") * $(field pageBytes "$sizes")))

printf '\nEverything held. %s after the build; the temporary folder is removed.\n' "$(seconds $(($(now) - started)))"
