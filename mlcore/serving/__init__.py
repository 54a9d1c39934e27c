"""Loads the active model into the inference worker."""
