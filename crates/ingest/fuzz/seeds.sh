#!/bin/sh
# Makes the seed corpus of the fuzz target from the fixtures: a byte choosing encoding and mode,
# then the body.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/decode
bodies=../../../tests/ingest
for body in "$bodies"/*/*.json "$bodies"/*/*.ndjson; do
    # Long bodies make every run slow and show nothing that short ones do not.
    [ "$(wc -c < "$body")" -lt 60000 ] || continue
    name=corpus/decode/$(echo "$body" | cut -d / -f 5- | tr '/.' '__')
    { printf ' ' && cat "$body"; } > "$name-plain"
    { printf 'A' && cat "$body"; } > "$name-strict"
    { printf '!' && gzip -nc "$body"; } > "$name-gzip"
done
