"""The admin's overview: composes the apps' selectors and owns no data."""
