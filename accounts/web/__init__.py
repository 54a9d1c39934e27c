"""Pages for people: sign-in, people, refusals."""
