"""The Celery application of the courier, which sends what other programs and people are told.

It finds the ``errands`` modules alone: the ``tasks`` of the other workers bring the model's libraries along,
which a process that only talks has no use for.
"""

from __future__ import annotations

from hematovision.celery import application

app = application("errands")
