"""What admins read of the portal through the API, and the machine tokens that they make."""
