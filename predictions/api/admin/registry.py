"""Models, data sets and trainings through the API: what the pages show, to read."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import MachineToken
from accounts.permissions import Capability, require
from mlcore.registry import selectors
from mlcore.registry.dataset_selectors import datasets
from predictions.api import conditional
from predictions.api.admin import describe
from predictions.api.admin.asked import ModelFilters, RunFilters
from predictions.api.admin.listed import listed
from predictions.api.admin.shapes import DataSetAnswer, ModelAnswer, ModelLine, RunAnswer
from predictions.api.asking import filters

REGISTERED: Final = ("registered_at", "id")


class Models(APIView):
    """The versions of the model."""

    scope = MachineToken.Scope.ADMIN

    @describe.models
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        require(request.user, Capability.VIEW_MODELS)
        rows = selectors.versions().filter(**filters(request, ModelFilters))
        return listed(request, rows, ModelLine, by=REGISTERED)


class Model(APIView):
    """One version."""

    scope = MachineToken.Scope.ADMIN

    @describe.model
    def get(self, request: Request, version_id: UUID) -> Response:
        """Return it with its figures and its card."""
        require(request.user, Capability.VIEW_MODELS)
        return conditional.answer(request, ModelAnswer(selectors.version(version_id)).data)


class DataSets(APIView):
    """The data sets."""

    scope = MachineToken.Scope.ADMIN

    @describe.data_sets
    def get(self, request: Request) -> Response:
        """List them with their versions, newest first."""
        require(request.user, Capability.MANAGE_MODELS)
        filters(request)
        rows = datasets().select_related("created_by")
        return listed(request, rows, DataSetAnswer)


class TrainingRuns(APIView):
    """The trainings."""

    scope = MachineToken.Scope.ADMIN

    @describe.training_runs
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        require(request.user, Capability.MANAGE_MODELS)
        rows = selectors.training_runs().filter(**filters(request, RunFilters))
        return listed(request, rows, RunAnswer)
