"""Samples: the list, searching, registering, changing, submitting. Signing stays with people's pages."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import MachineToken, User
from accounts.permissions import Capability, require
from predictions.api import conditional
from predictions.api.asking import Nothing, actor_of, body, filters, origin_of
from predictions.api.described import samples as describe
from predictions.api.idempotent import once
from predictions.api.json_text import Json
from predictions.api.paging import paged
from predictions.api.sample_shapes import SampleFacts, SampleNames, SampleQuery
from predictions.api.telling import sample_told, samples_told
from predictions.errors import AccessionTaken
from predictions.models import Sample
from predictions.selectors import samples_listed, samples_named, visible_samples
from predictions.services import sample_create, sample_edit, sample_opened, sample_submit
from predictions.types import SampleFilters

# The list begins with the sample that came last; the indexes of the worklist are read backwards for it.
BY = ("received_at", "id")
Scope = MachineToken.Scope


class Scoped(APIView):
    """An address whose reading and writing need different scopes of a machine's token."""

    parser_classes = [Json]
    reads: MachineToken.Scope = Scope.READ
    writes: MachineToken.Scope = Scope.SAMPLES

    @property
    def scope(self) -> MachineToken.Scope:
        """The scope that this request needs."""
        return self.reads if self.request.method in {"GET", "HEAD", "OPTIONS"} else self.writes


class Samples(Scoped):
    """The list of samples; registering one."""

    @describe.listed
    def get(self, request: Request) -> Response:
        """Return a page of the samples that the person may see."""
        found = samples_listed(request.user, SampleFilters(**filters(request, SampleQuery)))
        return conditional.answer(request, paged(request, found, samples_told, by=BY))

    @describe.created
    def post(self, request: Request) -> Response:
        """Register a sample of the person's own site."""
        actor = actor_of(request)
        require(actor, Capability.REGISTER_SAMPLES)
        given = body(request, SampleFacts)

        def work() -> Response:
            sample = _created(request, given)
            told = sample_told(visible_samples(actor).get(pk=sample.pk))
            headers = {"Location": told["links"]["self"]}
            return Response(told, status=HTTPStatus.CREATED, headers=headers)

        return once(request, work, of_sample=lambda told: told["id"])


class SampleSearch(Scoped):
    """Finding samples by what names them, which is in no address and so in no log."""

    writes = Scope.READ

    @describe.searched
    def post(self, request: Request) -> Response:
        """Return a page of the samples with this accession number or patient reference."""
        filters(request)
        found = samples_named(request.user, **body(request, SampleNames))
        return Response(paged(request, found, samples_told, by=BY))


class OneSample(Scoped):
    """A sample; changing its details."""

    @describe.one
    def get(self, request: Request, sample_id: UUID) -> Response:
        """Return the sample; opening it is logged."""
        sample = visible_samples(request.user).get(pk=sample_id)
        answer = conditional.answer(request, sample_told(sample), revision=sample.revision)
        # Whoever has it already, and is told just that, has not opened it again.
        if answer.status_code == HTTPStatus.OK:
            sample_opened(actor=actor_of(request), origin=origin_of(request), sample=sample)
        return answer

    @describe.changed
    def patch(self, request: Request, sample_id: UUID) -> Response:
        """Change the details that are given, of the version that ``If-Match`` names."""
        actor = actor_of(request)
        require(actor, Capability.REGISTER_SAMPLES)
        # Whether there is such a sample is told before what is wrong with the change.
        visible_samples(actor).only("pk").get(pk=sample_id)
        given = body(request, SampleFacts, partial=True)
        try:
            sample = sample_edit(
                actor=actor,
                origin=origin_of(request),
                sample_id=sample_id,
                facts=given,
                revision=conditional.revision_seen(request),
            )
        except ValidationError as problem:
            raise _taken(actor, problem, given) from problem
        sample.refresh_from_db()
        return conditional.changed(sample_told(sample), sample.revision)


class SampleSubmit(Scoped):
    """Handing a sample to the doctor."""

    writes = Scope.REVIEW

    @describe.submitted
    def post(self, request: Request, sample_id: UUID) -> Response:
        """Hand the reviewed sample over."""
        body(request, Nothing)

        def work() -> Response:
            sample = sample_submit(actor=actor_of(request), origin=origin_of(request), sample_id=sample_id)
            return Response(sample_told(sample))

        return once(request, work, of_sample=lambda _told: sample_id)


def _created(request: Request, facts: Mapping[str, Any]) -> Sample:
    actor = actor_of(request)
    try:
        return sample_create(actor=actor, origin=origin_of(request), facts=facts)
    except ValidationError as problem:
        raise _taken(actor, problem, facts) from problem


def _taken(actor: User, problem: ValidationError, facts: Mapping[str, Any]) -> Exception:
    """Return the refusal of a number that another sample has; any other fault of the facts as it is."""
    faults = problem.error_dict.get("accession", []) if hasattr(problem, "error_dict") else []
    if not any(fault.code == "unique" for fault in faults):
        return problem
    there = visible_samples(actor).filter(accession=facts["accession"]).values_list("pk", flat=True).first()
    text = _("There is a sample with this accession number already. Nothing was stored.")
    return AccessionTaken(text, there)
