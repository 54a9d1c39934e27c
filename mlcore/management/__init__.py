"""Commands of the engine for the portal's own interpreter."""
