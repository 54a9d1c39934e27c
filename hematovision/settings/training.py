"""Data sets and training: what they may take, and where a training may start."""

from __future__ import annotations

from hematovision import env
from hematovision.settings.places import VAR_DIR

# Processor threads of one training run.
TRAINING_THREADS = env.integer("TRAINING_THREADS", 1, at_least=1)
# What one training may take: it is ended when it holds more memory, and keeps its best when its time is up.
TRAINING_MAX_MB = env.integer("TRAINING_MAX_MB", 8192, at_least=512)
TRAINING_MAX_HOURS = env.integer("TRAINING_MAX_HOURS", 11, at_least=1)
# MobileNetV2's weights for ImageNet, without its top; where the file lies, a training may start from it.
IMAGENET_WEIGHTS = env.path(
    "IMAGENET_WEIGHTS", VAR_DIR / "weights" / "mobilenet_v2_1.0_224_imagenet_notop.weights.h5"
)

# A data set as a ZIP file, how many files it may hold, and what they may be once unpacked.
DATASET_MAX_BYTES = env.integer("DATASET_MAX_MB", 2000, at_least=1) * 1_000_000
DATASET_MAX_FILES = env.integer("DATASET_MAX_FILES", 5000, at_least=1)
DATASET_UNPACKED_MAX_BYTES = env.integer("DATASET_UNPACKED_MAX_MB", 2000, at_least=1) * 1_000_000

# What the gate asks of a model before it may replace the active one, all in percent (mlcore.engine.criteria).
GATE_MARGIN_PERCENT = env.integer("GATE_MARGIN_PERCENT", 2)
GATE_CALIBRATION_PERCENT = env.integer("GATE_CALIBRATION_PERCENT", 10)
GATE_COVERAGE_PERCENT = env.integer("GATE_COVERAGE_PERCENT", 70)
GATE_ANSWERS_PERCENT = env.integer("GATE_ANSWERS_PERCENT", 95)
