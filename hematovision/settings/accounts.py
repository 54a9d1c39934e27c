"""Who may sign in and how: passwords, second factors, the identity provider, tokens, sessions."""

from __future__ import annotations

from typing import Any

from hematovision import env

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
    {"NAME": "accounts.password_rules.GuessableValidator"},
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
MFA_FORMS = {
    "add_webauthn": "accounts.web.forms.PasskeyForm",
    "login_webauthn": "accounts.passkeys.PasskeyLogin",
    "authenticate_webauthn": "accounts.passkeys.PasskeyProof",
    "reauthenticate_webauthn": "accounts.passkeys.PasskeyReauthentication",
}
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
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
    }
}

HEADLESS_CLIENTS = ["app"]
HEADLESS_TOKEN_STRATEGY = "accounts.web.strategy.FamilyTokenStrategy"  # noqa: S105 -- a class path
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True

# Whoever is signed in signs in again after a shift, and after an hour away.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = env.integer("SESSION_IDLE_MINUTES", 60, at_least=1) * 60

# For how many days ended sessions, and links that were used or ran out, are kept; 0 keeps them.
RETENTION_SESSIONS_DAYS = env.integer("RETENTION_SESSIONS_DAYS", 7)
RETENTION_LINKS_DAYS = env.integer("RETENTION_LINKS_DAYS", 30)
