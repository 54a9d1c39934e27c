#!/bin/sh
# The broker and cache: with a password, an append-only file, and no silent loss when memory is short.
set -eu
SECRETS=${SECRETS:-/run/secrets}
# On the command line the password would be visible to everybody who lists processes.
exec "${SERVER:-valkey-server}" - <<CONFIG
requirepass $(cat "$SECRETS/broker_password")
port ${PORT:-6379}
bind ${BIND:-*}
dir ${DATA:-/data}
appendonly yes
save ""
maxmemory-policy noeviction
CONFIG
