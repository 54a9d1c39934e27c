"""The training line, run by the training worker."""
