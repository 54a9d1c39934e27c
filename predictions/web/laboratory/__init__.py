"""What the laboratory decides for itself: ranges, limits, how it counts, and what cells may be called."""
