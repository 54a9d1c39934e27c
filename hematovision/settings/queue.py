"""The database, the broker, and how work is handed to workers."""

from __future__ import annotations

from hematovision import env

# The application role: it reads and writes rows and can do nothing to tables. Migrations run as the owner.
DATABASES = {"default": env.database("DATABASE_URL")}
if env.text("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = env.database("DATABASE_OWNER_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "hv",
        # What is counted there holds up no answer for long while it is away.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# An upload does not wait for a broker that is away; workers reconnect by a rule of their own.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "max_retries": 1,
    "interval_start": 0.1,
}
# A worker keeps its database connection; hematovision.celery looks before each task whether it still works.
CELERY_DB_REUSE_MAX = 1000
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A child loads the model before it reports; on a busy machine that takes longer than the usual four seconds.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "inference"
CELERY_TIMEZONE = "UTC"
# Sweepers find the work that no message speaks of any more. A busy queue drops sweeps that came too late.
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": 30.0, "options": {"queue": queue, "expires": 25}}
    for name, queue in {
        "predictions.sweep_jobs": "inference",
        "mlcore.sweep_training": "training",
        "accounts.send_links": "exchange",
        "predictions.sweep_deliveries": "exchange",
    }.items()
}
CELERY_BEAT_SCHEDULE |= {
    name: {"task": name, "schedule": 3600.0, "options": {"queue": "inference", "expires": 1800}}
    for name in ("accounts.sweep_retention", "predictions.sweep_images", "predictions.watch_drift")
}

# How long one analysis may hold its job before the sweeper gives it to another worker.
JOB_LEASE_SECONDS = env.integer("JOB_LEASE_SECONDS", 60, at_least=1)
JOB_MAX_ATTEMPTS = 3
PREDICT_WAIT_SECONDS = env.integer("PREDICT_WAIT_SECONDS", 10)

# Processor threads of one inference worker.
INFERENCE_THREADS = env.integer("INFERENCE_THREADS", 1, at_least=1)
