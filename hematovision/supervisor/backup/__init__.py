"""Backup and restore: one file that holds the database, the images, the models and the portal's key."""
