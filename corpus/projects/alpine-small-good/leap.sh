#!/bin/sh
set -eu
count=0
y=$1
while [ "$y" -le "$2" ]; do
    if [ $((y % 400)) -eq 0 ] || { [ $((y % 4)) -eq 0 ] && [ $((y % 100)) -ne 0 ]; }; then
        count=$((count + 1))
    fi
    y=$((y + 1))
done
echo "leap years from $1 to $2: $count"
