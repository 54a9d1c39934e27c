"""HematoVision: the composition root. It wires the apps together and owns no domain code."""

from hematovision.celery import app as celery_app

# Imported here so that every process, not only a worker, queues through this application's broker.
__all__ = ["celery_app"]
