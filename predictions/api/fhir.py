"""FHIR R4: a signed report as a Bundle, taking orders, and what can be asked for at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import MachineToken
from accounts.permissions import Capability, require
from predictions.api import conditional, describe_fhir
from predictions.api.asking import actor_of, origin_of
from predictions.api.idempotent import once
from predictions.api.outcome import (
    FhirNegotiation,
    FhirParser,
    FhirRenderer,
    PlainParser,
    PlainRenderer,
    outcome,
)
from predictions.models import Order
from predictions.selectors import signed_report, visible_orders, visible_reports
from predictions.services import order_place, report_opened, sample_opened
from predictions.states import SampleState

# Where an order stands, in FHIR's words; all that comes before the signature is being worked on.
STATUSES: Final = {
    SampleState.SIGNED: "completed",
    SampleState.AMENDED: "completed",
    SampleState.CANCELLED: "revoked",
}


class FhirView(APIView):
    """Speaks FHIR's JSON, its errors included; who asks for plain JSON gets the same under that name."""

    renderer_classes = [FhirRenderer, PlainRenderer]
    parser_classes = [FhirParser, PlainParser]
    content_negotiation_class = FhirNegotiation

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return what turns an error into an OperationOutcome."""
        return outcome


class ReportBundle(FhirView):
    """A signed version as a Bundle."""

    scope = MachineToken.Scope.READ

    @describe_fhir.report
    def get(self, request: Request, report_id: UUID) -> Response:
        """Return the Bundle; taking it is logged as opening the report is."""
        from predictions.exchange.fhir import bundle  # noqa: PLC0415 -- the models are loaded by who asks for FHIR

        found = visible_reports(request.user).select_related("sample", "signed_by").get(pk=report_id)
        signed = signed_report(found)
        told = bundle(signed, kind="collection")
        answer = conditional.answer(request, told)
        # Whoever has it already, and is told just that, has not taken it again.
        if answer.status_code == HTTPStatus.OK:
            report_opened(actor=actor_of(request), origin=origin_of(request), report=found)
        answer["Cache-Control"] = "private, no-store"
        if signed.superseded:
            newest = visible_reports(request.user).filter(sample=found.sample_id).latest("version")
            path = request.path.replace(str(report_id), str(newest.pk))
            answer["Link"] = f'<{path}>; rel="successor-version"'
        return answer


class ServiceRequests(FhirView):
    """Orders of other programs."""

    scope = MachineToken.Scope.ORDERS

    @describe_fhir.order
    def post(self, request: Request) -> Response:
        """Register the sample that is ordered; ``Location`` is the order's address, ``Link`` the sample's."""
        from predictions.exchange.fhir.order import order_of  # noqa: PLC0415 -- as above

        # Who may place none is told so before the order is read.
        require(request.user, Capability.REGISTER_SAMPLES)
        placed = order_of(request.data, now=timezone.now())

        def work() -> Response:
            order = order_place(actor=actor_of(request), origin=origin_of(request), placed=placed)
            headers = {"Location": reverse("api_fhir_order", args=[order.pk])}
            return Response(_told(order), status=HTTPStatus.CREATED, headers=headers)

        answer = once(request, work, of_sample=_sample_of)
        answer["Link"] = _link(_sample_of(answer.data))
        return answer


class ServiceRequest(FhirView):
    """An order that was placed here."""

    scope = MachineToken.Scope.ORDERS

    @describe_fhir.placed
    def get(self, request: Request, service_request_id: UUID) -> Response:
        """Return the order; it names the patient by number, so it is logged as opening the sample is."""
        order = visible_orders(request.user).select_related("sample").get(pk=service_request_id)
        answer = conditional.answer(request, _told(order))
        if answer.status_code == HTTPStatus.OK:
            sample_opened(actor=actor_of(request), origin=origin_of(request), sample=order.sample)
        answer["Link"] = _link(order.sample_id)
        return answer


class Capabilities(FhirView):
    """What this server can do; no secret, and programs ask for it before they sign in."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @describe_fhir.metadata
    def get(self, request: Request) -> Response:  # noqa: ARG002 -- fixed by the framework
        """Return the CapabilityStatement."""
        from predictions.exchange.fhir.capability import capability  # noqa: PLC0415 -- as above

        return Response(capability())


def _sample_of(told: Mapping[str, Any]) -> UUID:
    """Return the key of the sample that an order, as it is told, has registered."""
    return Order.objects.values_list("sample_id", flat=True).get(pk=told["id"])


def _link(sample_id: UUID) -> str:
    return f'<{reverse("api_sample", args=[sample_id])}>; rel="related"'


def _told(order: Order) -> dict[str, Any]:
    """Return the order as it was taken: its numbers, without what else the program knows of the patient."""
    from predictions.exchange.fhir.names import LOINC, PANEL, said  # noqa: PLC0415 -- as above

    patient = said({"system": order.patient_system, "value": order.patient_value})
    return {
        "resourceType": "ServiceRequest",
        "id": str(order.pk),
        "identifier": [{"system": order.system, "value": order.value}],
        "status": STATUSES.get(SampleState(order.sample.state), "active"),
        "intent": "order",
        "code": {"coding": [{"system": LOINC, "code": PANEL}]},
        "subject": {"identifier": patient},
        "specimen": [{"identifier": {"value": order.sample.accession}}],
    }
