"""Commands of the image line."""
