"""The steps of the image line, one file each; no step imports another."""
