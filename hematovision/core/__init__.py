"""The ground floor: what every app may import and what imports no app."""
