"""What the command line may do with the log."""
