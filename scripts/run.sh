#!/bin/sh
# Starts the business of `make run`: makes the demo database when there is none yet, then serves it. $1 is the folder of the commands.
set -eu
bin=$1
"$bin/colca" init --demo --if-missing
exec "$bin/colca" serve
