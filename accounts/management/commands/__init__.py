"""What the command line may do about people."""
