"""What holds everywhere. Safe by default: an environment may loosen a setting, never forget to tighten it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from hematovision import env

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = env.path("HV_VAR", BASE_DIR / "var")

SECRET_KEY = env.text("SECRET_KEY")
# Earlier keys: what they signed still counts, nothing new is signed with them.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
HTTPS = env.flag("HTTPS", default=True)

INSTALLED_APPS = [
    "hematovision.core",
    "accounts",
    "accounts.audit",
    "mlcore",
    "mlcore.registry",
    "predictions",
    "hematovision.dashboard",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "rest_framework",
]

MIDDLEWARE = [
    "hematovision.core.tracing.traced",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.web.limits.session_limits",
    "accounts.web.enforcement.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hematovision.core.middleware.no_store",
]

ROOT_URLCONF = "hematovision.urls"
WSGI_APPLICATION = "hematovision.wsgi.application"
ASGI_APPLICATION = "hematovision.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.web.context.capabilities",
            ],
        },
    }
]

# The application role: it reads and writes rows and can do nothing to tables. Migrations run as the owner.
DATABASES = {"default": env.database("DATABASE_URL")}
if env.text("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = env.database("DATABASE_OWNER_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "hv",
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# An upload does not wait for a broker that is away; workers reconnect by a rule of their own.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "max_retries": 1,
    "interval_start": 0.1,
}
# A worker keeps its database connection; hematovision.celery looks before each task whether it still works.
CELERY_DB_REUSE_MAX = 1000
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A child loads the model before it reports; on a busy machine that takes longer than the usual four seconds.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "inference"
CELERY_TIMEZONE = "UTC"
# Sweepers find the work that no message speaks of any more. A busy queue drops sweeps that came too late.
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": 30.0, "options": {"queue": queue, "expires": 25}}
    for name, queue in {"predictions.sweep_jobs": "inference", "mlcore.sweep_training": "training"}.items()
}
CELERY_BEAT_SCHEDULE["accounts.sweep_retention"] = {
    "task": "accounts.sweep_retention",
    "schedule": 3600.0,
    "options": {"queue": "inference", "expires": 1800},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "accounts.web.adapter.ClosedAccountAdapter"
ACCOUNT_FORMS = {
    "user_token": "accounts.web.forms.ActiveUserTokenForm",
    "login": "accounts.web.forms.PlainLogin",
    "change_password": "accounts.web.forms.PlainPasswordChange",
    "reset_password": "accounts.web.forms.PlainPasswordReset",
    "reset_password_from_key": "accounts.web.forms.PlainNewPassword",
    "reauthenticate": "accounts.web.forms.PlainReauthentication",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
# Anybody may confirm a printed report by its code, but nobody may try codes by the thousand.
# Nor may anybody find out by trying which samples other sites have.
ACCOUNT_RATE_LIMITS = {"verify_report": "30/m/ip", "csp_report": "10/m/ip", "emergency": "10/h/user"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)

# A sensitive act asks for a proof of identity that is at most this old; signing in is one.
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.integer("REAUTHENTICATION_MINUTES", 15, at_least=1) * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True

# Second factors. Roles that need one may work without it for a while after their first sign-in.
MFA_REQUIRED_ROLES = env.words("MFA_REQUIRED_ROLES", "doctor,admin")
MFA_GRACE_HOURS = env.integer("MFA_GRACE_HOURS", 24)
MFA_ADAPTER = "accounts.web.factors.FactorAdapter"
MFA_FORMS = {"add_webauthn": "accounts.web.forms.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Addresses come from an admin, who knows the person; nobody confirms them by mail.
MFA_ALLOW_UNVERIFIED_EMAIL = True

# The laboratory's identity provider (Google, Microsoft, Keycloak, ...), by OpenID Connect; off without one.
OIDC_ISSUER = env.text("OIDC_ISSUER", "")
OIDC_NAME = env.text("OIDC_NAME", "OpenID Connect")
SOCIALACCOUNT_ADAPTER = "accounts.web.oidc.InvitedOnly"
# The way to the provider begins with a link: its answer counts only in the session that asked.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": env.text("OIDC_CLIENT_ID", ""),
                "secret": env.text("OIDC_CLIENT_SECRET", ""),
                # Only what is signed counts.
                "settings": {"server_url": OIDC_ISSUER, "fetch_userinfo": False, "oauth_pkce_enabled": True},
            }
        ]
    }
}

HEADLESS_CLIENTS = ["app"]
HEADLESS_TOKEN_STRATEGY = "accounts.web.strategy.FamilyTokenStrategy"  # noqa: S105 -- a class path
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "predictions.api.access.MachineAuthentication",
        "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["predictions.api.access.Settled"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.MultiPartParser", "rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "EXCEPTION_HANDLER": "predictions.api.errors.answer",
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "hematovision" / "locale"]
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Smear images: content-addressed files below this folder, never below the web root.
IMAGE_ROOT = VAR_DIR / "images"
# Whether a web server in front sends stored images itself, from the address that the portal answers with.
X_ACCEL = env.flag("X_ACCEL", default=False)
# Files that come in pieces, until they are whole; on the same disk.
PARTIAL_ROOT = VAR_DIR / "partial"
# Model bundles, each in a folder named by its hash; written only after verification.
MODEL_ROOT = VAR_DIR / "models"
# Training reads folders below this one and nothing else on the server.
TRAINING_DATA_ROOT = env.path("TRAINING_DATA_ROOT", VAR_DIR / "data")
# Processor threads of one inference worker and of one training run.
INFERENCE_THREADS = env.integer("INFERENCE_THREADS", 1, at_least=1)
TRAINING_THREADS = env.integer("TRAINING_THREADS", 1, at_least=1)

# Whether a report needs a second person, who has reviewed or submitted the sample that another one signs.
FOUR_EYES = env.flag("FOUR_EYES", default=True)
# For how long after one signature a doctor need not give the password for the next; 0 asks each time.
SIGN_WINDOW_SECONDS = env.integer("SIGN_WINDOW_SECONDS", 0)

# For how long a technician may see a sample of another site that they opened for a reason.
EMERGENCY_MINUTES = env.integer("EMERGENCY_MINUTES", 60, at_least=1)

# Uploads. Numbers are caps against accidents and attacks, not clinical limits.
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_MB", 25, at_least=1) * 1024 * 1024
UPLOAD_MAX_PIXELS = env.integer("UPLOAD_MAX_MEGAPIXELS", 24, at_least=1) * 1_000_000
# A virus scanner that reads a file from its standard input and ends with 0 (clean) or 1 (found something).
UPLOAD_SCAN_COMMAND = shlex.split(env.text("UPLOAD_SCAN_COMMAND", ""))
UPLOAD_MAX_FILES = env.integer("UPLOAD_MAX_FILES", 500, at_least=1)
# A file may come in pieces. What one person may leave unfinished, in files and in bytes, and for how long.
UPLOAD_PIECE_MAX_BYTES = 8 * 1024 * 1024
PARTIAL_MAX_FILES = 2 * UPLOAD_MAX_FILES
PARTIAL_MAX_BYTES = env.integer("PARTIAL_MAX_MB", 4096, at_least=1) * 1024 * 1024
PARTIAL_HOURS = env.integer("RETENTION_UPLOADS_HOURS", 24, at_least=1)
# A form without JavaScript sends many files in one request; one that fills the disk is refused unread.
REQUEST_MAX_BYTES = 20 * UPLOAD_MAX_BYTES
FILE_UPLOAD_HANDLERS = [
    "hematovision.core.uploads.CappedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_MAX_FILES
FILE_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_MAX_BYTES
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_MAX_BYTES

# How long one analysis may hold its job before the sweeper gives it to another worker.
JOB_LEASE_SECONDS = env.integer("JOB_LEASE_SECONDS", 60, at_least=1)
JOB_MAX_ATTEMPTS = 3
PREDICT_WAIT_SECONDS = env.integer("PREDICT_WAIT_SECONDS", 10)

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
MAIL_ENABLED = bool(EMAIL_HOST)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "hematovision@localhost")
if not MAIL_ENABLED:
    # A site without mail: links are shown to the admin to hand over; nothing may hang on a mail server.
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-reports"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Whoever is signed in signs in again after a shift, and after an hour away.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = env.integer("SESSION_IDLE_MINUTES", 60, at_least=1) * 60
CSRF_COOKIE_HTTPONLY = True
# For how many days ended sessions, and links that were used or ran out, are kept; 0 keeps them.
RETENTION_SESSIONS_DAYS = env.integer("RETENTION_SESSIONS_DAYS", 7)
RETENTION_LINKS_DAYS = env.integer("RETENTION_LINKS_DAYS", 30)
CSRF_FAILURE_VIEW = "hematovision.core.views.csrf_failure"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "hematovision.core.tracing.AddRequest"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "hematovision.core.tracing.JsonLine"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if env.flag("LOG_JSON", default=False) else "line",
            "filters": ["request"],
        }
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
