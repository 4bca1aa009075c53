#!/bin/sh
if [ -e "/$DRIVE" ]; then
    echo "$DRIVE: is here"
else
    printf '%s:\\ is not here\n' "$DRIVE"
fi
