#!/bin/sh
# Runs once, when the database is made: the owner migrates, the application reads and writes rows.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v owner="$OWNER_PASSWORD" -v application="$APP_PASSWORD" <<'SQL'
CREATE ROLE hematovision_owner LOGIN PASSWORD :'owner';
CREATE ROLE hematovision_app LOGIN PASSWORD :'application';
ALTER DATABASE hematovision OWNER TO hematovision_owner;
REVOKE ALL ON DATABASE hematovision FROM PUBLIC;
GRANT CONNECT ON DATABASE hematovision TO hematovision_app;
SQL
