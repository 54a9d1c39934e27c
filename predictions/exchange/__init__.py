"""What other programs are told, in their own formats: pure functions of a report as it was signed."""
