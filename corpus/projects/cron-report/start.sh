#!/bin/sh
set -e
report() {
    gawk -f /usr/local/lib/report.awk "$REPORT_DIR/input.txt"
}
case "${1:-}" in
once) report ;;
*) exec cron -f ;;
esac
