"""``hematovision login-check``: says whether the portal answers and takes the token."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from http import HTTPStatus
from itertools import islice
from typing import Final

from hematovision_client.command.access import portal_of
from hematovision_client.errors import NotAllowed

NAME: Final = "login-check"


def add_options(parser: ArgumentParser) -> None:
    """It takes no options of its own."""


def run(options: Namespace) -> int:
    """Ask for one sample; neither whether there is any nor whether the token may read matters."""
    with portal_of(options) as portal:
        try:
            list(islice(portal.samples(limit="1"), 1))
        except NotAllowed as error:
            if error.status != HTTPStatus.FORBIDDEN or error.code == "second_factor_needed":
                raise
    print("The portal answers and takes the token.", file=sys.stderr)
    return 0
