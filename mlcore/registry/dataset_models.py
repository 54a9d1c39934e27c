"""Data sets and their frozen versions: what models are trained on and judged by."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DataSet(models.Model):
    """A collection of named cells with one licence; its contents stand in its versions.

    ``excluded`` lists the keys (``mlcore.engine.frozen.cell_key``) that the next version leaves out.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    license = models.CharField(_("licence"), max_length=120)
    source = models.CharField(_("source"), max_length=300)
    excluded = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        """By name."""

        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class DataSetState(models.TextChoices):
    """Where a version stands."""

    IMPORTING = "importing", _("importing")
    READY = "ready", _("ready")
    REFUSED = "refused", _("refused")


class DataSetOrigin(models.TextChoices):
    """Where a version's cells came from; the words are the engine's."""

    ZIP = "zip", _("ZIP file")
    FOLDER = "folder", _("folder on the server")
    REVIEWED = "reviewed", _("reviewed cells")


class DataSetVersion(models.Model):
    """One version of a data set; once it is ready, a migration's trigger refuses to change or remove it.

    ``sha256`` is the hash of its manifest (``mlcore.engine.frozen``). ``order`` holds what was asked for,
    ``counts``, ``problems`` and ``doubts`` what came of it (``mlcore.engine.importing``). A worker holds an
    import by ``lease_until`` and proves it by ``fence``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    sha256 = models.CharField("SHA-256", max_length=64, unique=True, null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=DataSetState.choices, default=DataSetState.IMPORTING
    )
    origin = models.CharField(_("origin"), max_length=16, choices=DataSetOrigin.choices)
    order = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    problems = models.JSONField(default=list, blank=True)
    doubts = models.JSONField(default=list, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    failure = models.TextField(_("what went wrong"), blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("ordered by")
    )
    created_at = models.DateTimeField(_("ordered"), auto_now_add=True)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        """Numbers count from 1; of a data set one version is imported at a time."""

        ordering: ClassVar[list[str]] = ["dataset", "-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_once"),
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(state=DataSetState.IMPORTING),
                name="dataset_one_import",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=DataSetState.values), name="dataset_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state=DataSetState.READY, sha256__isnull=False)
                | (~models.Q(state=DataSetState.READY) & models.Q(sha256__isnull=True)),
                name="dataset_hash_when_ready",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id} {self.number}"

    @property
    def title(self) -> str:
        """The name and number under which people know it."""
        return _("%(name)s, version %(number)d") % {"name": self.dataset.name, "number": self.number}

    @property
    def cells(self) -> int:
        """How many cells a ready version holds."""
        return int(self.counts.get("cells", 0))

    @property
    def header(self) -> dict[str, str | int]:
        """What its manifest begins with: name, number, licence and source."""
        told = self.dataset
        return {
            "name": told.name,
            "version": self.number,
            "license": told.license,
            "source": told.source,
        }


class LeakFinding(models.Model):
    """What a list of seen pictures has in common with what a version tests by (``mlcore.engine.leaks``).

    ``listed`` is the SHA-256 of the list, so that a model whose list changes is compared anew.
    """

    version = models.ForeignKey(DataSetVersion, on_delete=models.CASCADE, related_name="leak_findings")
    listed = models.CharField("SHA-256", max_length=64)
    found = models.JSONField()

    class Meta:
        """A list is held against a version once."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["version", "listed"], name="leak_found_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.listed:.12}"
