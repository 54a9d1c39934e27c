"""The model fixtures serve the dashboard too."""

from tests.mlcore.conftest import active, model_root, shipped

__all__ = ["active", "model_root", "shipped"]
