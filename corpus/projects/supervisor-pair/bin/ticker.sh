#!/bin/sh
while :; do
    date +%s > /tmp/tick
    sleep 5
done
