"""``python -m hematovision_client``: the command line."""

import sys

from hematovision_client.command import main

sys.exit(main())
