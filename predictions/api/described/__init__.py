"""What the addresses of samples and what belongs to them take and answer, as OpenAPI."""
