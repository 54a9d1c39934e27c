#!/bin/sh
# Runs once, when the database is made: the owner migrates, the application reads and writes rows.
set -eu
SECRETS=${SECRETS:-/run/secrets}
# Passwords go in by standard input, since a command line is visible to everybody who lists processes.
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<SQL
\set owner '$(cat "$SECRETS/owner_password")'
\set application '$(cat "$SECRETS/app_password")'
CREATE ROLE hematovision_owner LOGIN PASSWORD :'owner';
CREATE ROLE hematovision_app LOGIN PASSWORD :'application';
ALTER DATABASE hematovision OWNER TO hematovision_owner;
REVOKE ALL ON DATABASE hematovision FROM PUBLIC;
GRANT CONNECT ON DATABASE hematovision TO hematovision_app;
SQL
