"""Why a change to people is refused, in words for people."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext as _

from hematovision.core.errors import PortalError


class LastAdmin(PortalError):  # noqa: N818 -- the name says what happened
    """Nobody could manage people any more."""

    code: ClassVar[str] = "last_admin"
    status: ClassVar[int] = 409


class Oneself(PortalError):  # noqa: N818 -- the name says what happened
    """Somebody would shut themselves out."""

    code: ClassVar[str] = "oneself"
    status: ClassVar[int] = 409


class Deactivated(PortalError):  # noqa: N818 -- the name says what happened
    """The person may not sign in, so a link would lead nowhere and a token open nothing."""

    code: ClassVar[str] = "deactivated"
    status: ClassVar[int] = 409

    def __init__(self, person: object) -> None:
        super().__init__(_("%(name)s is deactivated. Reactivate the account first.") % {"name": person})


class LinkUnusable(PortalError):  # noqa: N818 -- the name says what happened
    """The link was used, has run out, was replaced by a newer one, or never existed; all look the same."""

    code: ClassVar[str] = "link_unusable"
    status: ClassVar[int] = 404


class HeadUnreadable(PortalError):  # noqa: N818 -- the name says what happened
    """What was given as an exported head of the log is none of this portal's."""

    code: ClassVar[str] = "head_unreadable"
    status: ClassVar[int] = 422


class FactorNeeded(PortalError):  # noqa: N818 -- the name says what happened
    """The role needs a second factor, and the time to set one up is over."""

    code: ClassVar[str] = "second_factor_needed"
    status: ClassVar[int] = 403


class ScopeMissing(PortalError):  # noqa: N818 -- the name says what happened
    """A machine token asks for what its scopes leave out."""

    code: ClassVar[str] = "scope_missing"
    status: ClassVar[int] = 403


class ResetRefused(PortalError):  # noqa: N818 -- the name says what happened
    """The second factors stay: nobody asked, it was too long ago, or the same admin would agree."""

    code: ClassVar[str] = "reset_refused"
    status: ClassVar[int] = 409


class ProofNeeded(PortalError):  # noqa: N818 -- the name says what happened
    """A sensitive act, and the last proof of identity is too old or none that counts for it."""

    code: ClassVar[str] = "proof_needed"
    status: ClassVar[int] = 403
