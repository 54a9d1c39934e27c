"""Where things lie: the code, and the one folder of all data."""

from __future__ import annotations

from pathlib import Path

from hematovision import env

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = env.path("HV_VAR", BASE_DIR / "var")

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Smear images: content-addressed files below this folder, never below the web root.
IMAGE_ROOT = VAR_DIR / "images"
# Files that come in pieces, until they are whole; on the same disk.
PARTIAL_ROOT = VAR_DIR / "partial"
# Model bundles, each in a folder named by its hash; written only after verification.
MODEL_ROOT = VAR_DIR / "models"
# Training reads folders below this one and nothing else on the server.
TRAINING_DATA_ROOT = env.path("TRAINING_DATA_ROOT", VAR_DIR / "data")
# Data sets: versions, each in a folder named by its hash, and their pictures by content.
DATASET_ROOT = VAR_DIR / "datasets"
# What evaluations of models drew.
EVALUATION_ROOT = VAR_DIR / "evaluations"
