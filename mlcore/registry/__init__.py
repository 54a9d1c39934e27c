"""Model versions and training runs in the database."""
