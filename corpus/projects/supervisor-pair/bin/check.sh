#!/bin/sh
set -e
names=$(sed -n 's/^\[program:\(.*\)\]$/\1/p' /etc/supervisor/conf.d/pair.conf | xargs)
command -v supervisord > /dev/null
echo "$(echo "$names" | wc -w) programs: $names"
