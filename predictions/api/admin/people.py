"""People, sites and the log through the API, for admins."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit.selectors import AuditFilters
from accounts.audit.services import log_read
from accounts.models import MachineToken
from accounts.permissions import Capability, require
from accounts.selectors import people_overview, sites
from predictions.api.admin import describe
from predictions.api.admin.asked import EventFilters, PeopleFilters
from predictions.api.admin.listed import listed
from predictions.api.admin.shapes import EventAnswer, Named, PersonAnswer
from predictions.api.asking import actor_of, filters, origin_of


class People(APIView):
    """Everybody who may sign in or might once."""

    scope = MachineToken.Scope.ADMIN

    @describe.people
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        require(request.user, Capability.MANAGE_PEOPLE)
        rows = people_overview(**filters(request, PeopleFilters))
        return listed(request, rows, PersonAnswer)


class Sites(APIView):
    """The laboratories and wards."""

    scope = MachineToken.Scope.ADMIN

    @describe.sites
    def get(self, request: Request) -> Response:
        """List them by name."""
        require(request.user, Capability.MANAGE_PEOPLE)
        filters(request)
        return listed(request, sites(), Named, by=("name",), newest_first=False)


class Audit(APIView):
    """The log."""

    scope = MachineToken.Scope.ADMIN

    @describe.audit
    def get(self, request: Request) -> Response:
        """List events, newest first; that somebody looked is an event too, for each page."""
        asked = AuditFilters(**filters(request, EventFilters))
        rows = log_read(actor=actor_of(request), filters=asked, origin=origin_of(request))
        return listed(request, rows, EventAnswer, by=("id",))
