#!/bin/sh
while :; do
    [ -f /tmp/tick ] && cat /tmp/tick
    sleep 5
done
