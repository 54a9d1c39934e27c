"""The image line: from an upload to a result."""
