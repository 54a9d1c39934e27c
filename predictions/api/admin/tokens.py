"""Machine tokens through the API: an admin makes and revokes them as a person, never another token."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from allauth.account.adapter import get_adapter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import MachineToken
from accounts.permissions import Capability, require
from accounts.tokens import open_tokens, token_create, token_revoke
from predictions.api.admin import describe
from predictions.api.admin.asked import TokenFilters, TokenOrder
from predictions.api.admin.listed import listed
from predictions.api.admin.proof import require_proof
from predictions.api.admin.shapes import TokenLine, TokenMade
from predictions.api.asking import actor_of, body, filters, origin_of
from predictions.api.json_text import Json


class Tokens(APIView):
    """The tokens that have not been revoked. Without a scope here, no machine's token gets in."""

    parser_classes = [Json]

    @describe.tokens
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        require(request.user, Capability.MANAGE_PEOPLE)
        asked = filters(request, TokenFilters)
        rows = open_tokens().filter(**{f"{name}_id": value for name, value in asked.items()})
        return listed(request, rows, TokenLine)

    @describe.token_new
    def post(self, request: Request) -> Response:
        """Make a token and tell it, this once; an answer that holds a secret is kept under no key."""
        require(request.user, Capability.MANAGE_PEOPLE)
        require_proof(request)
        order = body(request, TokenOrder)
        token, text = token_create(actor=actor_of(request), origin=origin_of(request), **order)
        facts = {"token": token}
        get_adapter().send_notification_mail("account/email/token_created", token.person, facts)
        token.refresh_from_db()
        token.token = text  # type: ignore[attr-defined]
        return Response(TokenMade(token).data, status=HTTPStatus.CREATED)


class Token(APIView):
    """One token."""

    @describe.token_end
    def delete(self, request: Request, token_id: UUID) -> Response:
        """End it at once; one that has ended already stays as it is."""
        require(request.user, Capability.MANAGE_PEOPLE)
        require_proof(request)
        token = MachineToken.objects.select_related("person").get(pk=token_id)
        token_revoke(
            actor=actor_of(request), person=token.person, token_id=token_id, origin=origin_of(request)
        )
        return Response(status=HTTPStatus.NO_CONTENT)
