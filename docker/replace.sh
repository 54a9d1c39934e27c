#!/bin/sh
# Replaces the web servers by those of the present images, one after the other, so that one always answers.
set -eu
cd "$(dirname "$0")"
for name in web-a web-b; do
  docker compose up --detach --no-deps --wait "$name"
  # nginx leaves a server alone for two seconds after it failed; until then the other one has to stay.
  sleep 4
done
