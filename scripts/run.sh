#!/bin/sh
# Starts the business of `make run`: makes the demo database when there is none yet, then serves it. $1 is the folder of the commands.
set -eu
bin=$1
# Where Python may not keep compiled files by itself, each start would compile what changed since the installation again.
if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
    "$bin/python" -m compileall -q server addons
fi
"$bin/colca" init --demo --if-missing
exec "$bin/colca" serve
