#!/bin/sh
set -e
cd /srv/poems
echo "$(ls | wc -l) poems, $(cat ./*.txt | wc -l) lines"
