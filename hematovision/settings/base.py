"""What holds everywhere. Safe by default: an environment may loosen a setting, never forget to tighten it."""

from __future__ import annotations

from hematovision import env
from hematovision.settings.accounts import *  # noqa: F403 -- each module holds the settings of one matter
from hematovision.settings.clinic import *  # noqa: F403
from hematovision.settings.exchange import *  # noqa: F403
from hematovision.settings.framework import *  # noqa: F403
from hematovision.settings.logs import *  # noqa: F403
from hematovision.settings.mail import *  # noqa: F403
from hematovision.settings.places import *  # noqa: F403
from hematovision.settings.queue import *  # noqa: F403
from hematovision.settings.training import *  # noqa: F403
from hematovision.settings.uploads import *  # noqa: F403
from hematovision.settings.web import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY")
# Earlier keys: what they signed still counts, nothing new is signed with them.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
DEBUG = False
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True
