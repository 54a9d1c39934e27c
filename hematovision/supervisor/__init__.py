"""Starts, watches and stops all that the portal consists of on one machine."""
