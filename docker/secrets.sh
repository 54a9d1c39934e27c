#!/bin/sh
# Makes what compose.yaml needs in docker/secrets, once and at random; what is there stays.
set -eu
cd "$(dirname "$0")"
FOLDER=${1:-secrets}
umask 077
mkdir -p "$FOLDER"
chmod 0700 "$FOLDER"

keep() {
  [ -s "$FOLDER/$1" ] || printf '%s' "$2" > "$FOLDER/$1"
  # A container's user has another number than yours: the folder keeps others out, not the file.
  chmod 0444 "$FOLDER/$1"
}
random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
of() { cat "$FOLDER/$1"; }

for name in secret_key superuser_password owner_password app_password broker_password; do
  keep "$name" "$(random)$(random)"
done
keep database_url "postgresql://hematovision_app:$(of app_password)@postgres:5432/hematovision"
keep database_owner_url "postgresql://hematovision_owner:$(of owner_password)@postgres:5432/hematovision"
keep redis_url "redis://:$(of broker_password)@valkey:6379/0"
for name in tls_certificate tls_key; do
  [ -s "$FOLDER/$name" ] || echo "Put the PEM file $FOLDER/$name there yourself (mode 0444)."
done
