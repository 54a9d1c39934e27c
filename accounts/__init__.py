"""People, sites, roles and the audit log."""
