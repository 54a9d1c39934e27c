"""``python -m hematovision.supervisor [--demo] [--tls]``: start the portal here and stay with it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from types import FrameType

from hematovision.env import EnvironmentMistake
from hematovision.supervisor import certificates
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.portal import Portal


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Treat the signals of a service manager or a closed terminal like Ctrl-C."""
    raise KeyboardInterrupt


def main() -> int:
    """Run until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(prog="script/server", description="Start HematoVision on this machine.")
    parser.add_argument("--demo", action="store_true", help="fill the portal with drawn smears and people")
    parser.add_argument(
        "--tls", action="store_true", help="serve HTTPS, so that other machines and phones may come"
    )
    parser.add_argument(
        "--cert", metavar="FILE", help="the certificate for it, PEM; else the portal makes its own"
    )
    parser.add_argument("--key", metavar="FILE", help="the key of that certificate, PEM")
    options = parser.parse_args()
    os.umask(0o077)
    # A shell starts what runs in the background with Ctrl-C ignored; the portal still has to obey it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    # nohup asks for staying alive when the terminal goes.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, interrupt)
    portal = None
    try:
        pair = certificates.given(options.cert, options.key)
        portal = Portal(demo=options.demo, tls=options.tls or pair is not None, pair=pair)
        portal.run()
    except KeyboardInterrupt:
        return 0
    except (StartError, EnvironmentMistake) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The portal stopped: {error.strerror} ({error.filename}).", file=sys.stderr)
        return 1
    finally:
        if portal:
            portal.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
