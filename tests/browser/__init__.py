"""A real Chromium in front of a real portal whose parts are processes of their own."""
