"""A refusal as JSON, for the scripts of the pages and for clients of the tus protocol."""

from __future__ import annotations

from django.http import JsonResponse

from hematovision.core.errors import PortalError


def refusal(code: str, message: object, status: int) -> JsonResponse:
    """Return a refusal as a word for programs and a sentence for people."""
    return JsonResponse({"code": code, "message": str(message)}, status=status)


def refused(problem: PortalError) -> JsonResponse:
    """Return what a service refused, and when to come back where that is known."""
    answer = refusal(problem.code, problem.message, problem.status)
    if problem.retry_after is not None:
        answer["Retry-After"] = str(problem.retry_after)
    return answer
