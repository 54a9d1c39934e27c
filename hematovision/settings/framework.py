"""What the portal is put together from: applications, the way of a request, the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from hematovision.settings.places import BASE_DIR

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
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "hematovision.core.tracing.traced",
    "hematovision.core.middleware.keys_in_either_case",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hematovision.core.metrics.counted",
    "predictions.api.outcome.outcomes",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "hematovision.core.middleware.no_store",
    "hematovision.core.middleware.readable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.web.limits.session_limits",
    "accounts.web.enforcement.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "predictions.api.throttle.limits_told",
]

ROOT_URLCONF = "hematovision.urls"
WSGI_APPLICATION = "hematovision.wsgi.application"

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

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "predictions.api.access.MachineAuthentication",
        "predictions.api.provider.ProviderAuthentication",
        "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["predictions.api.access.Settled"],
    "DEFAULT_THROTTLE_CLASSES": ["predictions.api.throttle.PerCaller"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.MultiPartParser", "predictions.api.json_text.Json"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "EXCEPTION_HANDLER": "predictions.api.errors.answer",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "HematoVision",
    "DESCRIPTION": "The same services, roles and log as the pages. See docs/api.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "predictions.api.bodies.bodies_told",
    ],
    # It says nothing that the source does not, and a program reads it before it has a token.
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    # Names for the lists of values that several things call "state".
    "ENUM_NAME_OVERRIDES": {
        "SampleState": "predictions.states.SampleState",
        "JobState": "predictions.states.JobState",
        "Flag": "predictions.models.samples.Flag",
        "ModelState": "mlcore.registry.models.ModelState",
        "DataSetState": "mlcore.registry.models.DataSetState",
        "TrainingState": "mlcore.registry.models.TrainingState",
        "MachineScope": "accounts.models.MachineToken.Scope",
        "Role": "accounts.permissions.Role",
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
