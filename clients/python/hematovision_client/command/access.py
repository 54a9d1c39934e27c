"""Where the portal is and who asks: environment and options, the token never as an argument."""

from __future__ import annotations

import os
import stat
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from hematovision_client.portal import Portal


class Usage(Exception):  # noqa: N818 -- the name says what is the case
    """The command cannot be run as it was typed."""


def add_access(parser: ArgumentParser) -> None:
    """Add the options that every command takes."""
    parser.add_argument("--portal", metavar="ADDRESS", help="of the portal; else HEMATOVISION_URL")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="that holds the token; else HEMATOVISION_TOKEN"
    )
    parser.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="certificates to trust instead of the system's; else HEMATOVISION_CA",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=60,
        metavar="SECONDS",
        help="how long to wait for a portal that is away or busy (%(default)g)",
    )


def portal_of(options: Namespace) -> Portal:
    """Return the portal that the options or the environment name.

    Raises:
        Usage: something is missing or cannot be read.
    """
    address = options.portal or os.environ.get("HEMATOVISION_URL", "")
    if not address:
        raise Usage("Say where the portal is: --portal or HEMATOVISION_URL.")
    authority = options.ca or (
        Path(os.environ["HEMATOVISION_CA"]) if os.environ.get("HEMATOVISION_CA") else None
    )
    token = _read(options.token_file) if options.token_file else os.environ.get("HEMATOVISION_TOKEN", "")
    if not token.strip():
        raise Usage("There is no token: set HEMATOVISION_TOKEN or name its file with --token-file.")
    try:
        return Portal(address, token.strip(), authority=authority, patience=options.patience)
    except ValueError as error:
        raise Usage(str(error)) from error


def _read(file: Path) -> str:
    """Return what a file with a token holds; say so where everybody else can read it too."""
    try:
        # Windows' own editor puts a mark before the text.
        text = file.read_text(encoding="utf-8-sig")
        open_to_all = os.name == "posix" and file.stat().st_mode & stat.S_IROTH
    except UnicodeDecodeError as error:
        raise Usage(f"“{file}” holds no token: it is no text.") from error
    except OSError as error:
        raise Usage(f"The token's file “{file}” cannot be read: {error.strerror}.") from error
    if open_to_all:
        print(f"Everybody on this machine can read the token. Better: chmod 600 {file}", file=sys.stderr)
    return text
