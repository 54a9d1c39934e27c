"""What admins say of the programs that are told, and what has arrived there."""
