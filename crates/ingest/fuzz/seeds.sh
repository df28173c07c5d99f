#!/bin/sh
# Makes the seed corpora of the fuzz targets from the fixtures: a byte choosing encoding and mode,
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
# Files of rows: a byte choosing the format and what misfits do, then the file.
mkdir -p corpus/bulk
for case in ../../../tests/bulk/*.txt; do
    name=corpus/bulk/$(basename "$case" .txt)
    rows=$(sed -n '/^--- input$/,/^--- /p' "$case" | sed '/^--- /d')
    for choice in '!' ' ' 'i' '(' 'h'; do
        printf '%s%s' "$choice" "$rows" > "$name-$(printf '%s' "$choice" | od -An -tx1 | tr -d ' ')"
    done
done
