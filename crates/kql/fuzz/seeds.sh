#!/bin/sh
# Makes the seeds from the corpus: one file a text.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/parse corpus/bind
for name in ok err; do
    awk -v out="corpus/parse/$name-" '
        /^  / && !below { print substr($0, 3) > (out n); next }
        /^----$/ { below = 1; next }
        /^[^ #]/ { if (n) close(out n); n++; below = 0 }
    ' "../../../tests/kql/parser/$name.txt"
done
cp corpus/parse/* corpus/bind/
