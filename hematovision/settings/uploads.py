"""What the portal takes in, and how much of it."""

from __future__ import annotations

import shlex

from hematovision import env

# Uploads. Numbers are caps against accidents and attacks, not clinical limits.
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_MB", 25, at_least=1) * 1024 * 1024
UPLOAD_MAX_PIXELS = env.integer("UPLOAD_MAX_MEGAPIXELS", 24, at_least=1) * 1_000_000
# What decoding one image may take before it is stopped. The costliest within the limits above takes some
# seconds; of memory, four bytes for each pixel count a few times, and the bytes of the file too.
DECODE_MAX_SECONDS = env.integer("DECODE_MAX_SECONDS", 30, at_least=1)
_DECODE_USUAL_MB = 128 + (4 * UPLOAD_MAX_BYTES + 12 * UPLOAD_MAX_PIXELS) // 1024 // 1024
DECODE_MAX_BYTES = env.integer("DECODE_MAX_MB", _DECODE_USUAL_MB, at_least=128) * 1024 * 1024
# A virus scanner that reads a file from its standard input and ends with 0 (clean) or 1 (found something).
UPLOAD_SCAN_COMMAND = shlex.split(env.text("UPLOAD_SCAN_COMMAND", ""))
UPLOAD_MAX_FILES = env.integer("UPLOAD_MAX_FILES", 500, at_least=1)
# What programs send in one request. So many of the costliest pictures, and the wait for their results, take
# about a minute, which is what proxies wait for an answer.
PREDICT_BATCH_FILES = env.integer("PREDICT_BATCH_FILES", 20, at_least=1)
PREDICT_BATCH_BYTES = env.integer("PREDICT_BATCH_MB", 100, at_least=1) * 1024 * 1024
# What one person may store in 24 hours, in files and in bytes; 0 sets no limit.
UPLOAD_QUOTA_FILES = env.integer("UPLOAD_QUOTA_FILES", 10_000)
UPLOAD_QUOTA_BYTES = env.integer("UPLOAD_QUOTA_MB", 20_480) * 1024 * 1024
# A file may come in pieces. What one person may leave unfinished, in files and in bytes, and for how long.
UPLOAD_PIECE_MAX_BYTES = 8 * 1024 * 1024
PARTIAL_MAX_FILES = 2 * UPLOAD_MAX_FILES
PARTIAL_MAX_BYTES = env.integer("PARTIAL_MAX_MB", 4096, at_least=1) * 1024 * 1024
PARTIAL_HOURS = env.integer("RETENTION_UPLOADS_HOURS", 24, at_least=1)
# A form without JavaScript sends many files in one request; one that fills the disk is refused unread.
REQUEST_MAX_BYTES = 20 * UPLOAD_MAX_BYTES
FILE_UPLOAD_HANDLERS = [
    "hematovision.core.uploads.CappedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_MAX_FILES
FILE_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_MAX_BYTES
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_MAX_BYTES
