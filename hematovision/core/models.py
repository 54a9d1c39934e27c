"""No tables: the file makes Django announce to this app that a migration has ended."""
