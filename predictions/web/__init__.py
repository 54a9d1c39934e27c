"""Pages: upload, result, history."""
