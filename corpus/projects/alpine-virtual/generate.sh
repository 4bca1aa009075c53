#!/bin/sh
# Print the small table of a number.
set -eu
n=$1
line=
i=1
while [ $i -le 5 ]; do
    line="$line $((n * i))"
    i=$((i + 1))
done
echo "table of $n:$line"
