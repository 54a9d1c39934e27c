"""Forms about people. Each names the fields it may write; nothing else of a person can be set with it."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    UserTokenForm,
)
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.forgotten import wish_store
from accounts.models import MachineToken, Site, User
from accounts.passkeys import PasskeyAnswer
from accounts.permissions import Role


class PeopleFilterForm(forms.Form):
    """Whom the list shows."""

    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("any")), *Role.choices])
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("any")),
            ("active", _("active")),
            ("invited", _("invited")),
            ("deactivated", _("deactivated")),
        ],
    )
    without_factor = forms.BooleanField(label=_("Without a second factor"), required=False)


class PersonForm(forms.ModelForm):
    """A new person; the site is one that exists or a new one by name."""

    new_site = forms.CharField(label=_("or a new site"), max_length=120, required=False)

    class Meta:
        """What an admin says about a new person."""

        model = User
        fields: ClassVar[list[str]] = ["email", "name", "role", "site"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].required = False

    def clean_email(self) -> str:
        """Keep one spelling of an address, and one person for it."""
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("Somebody has this address already."))
        return email

    def clean_new_site(self) -> str:
        """Refuse a second site of the same name."""
        name = str(self.cleaned_data["new_site"]).strip()
        if Site.objects.filter(name__iexact=name).exists():
            raise ValidationError(_("There is a site of that name; choose it above."))
        return name

    def clean(self) -> dict[str, Any] | None:
        """Ask for exactly one site."""
        data = super().clean() or self.cleaned_data
        if bool(data.get("site")) == bool(data.get("new_site")) and "new_site" not in self.errors:
            self.add_error("site", _("Choose a site or name a new one."))
        return data


class RoleForm(forms.ModelForm):
    """Another role."""

    class Meta:
        """Only the role."""

        model = User
        fields: ClassVar[list[str]] = ["role"]


class SiteForm(forms.ModelForm):
    """Another site."""

    class Meta:
        """Only the site."""

        model = User
        fields: ClassVar[list[str]] = ["site"]


class TokenForm(forms.Form):
    """A new machine token."""

    name = forms.CharField(label=_("Which program or device"), max_length=60)
    predict = forms.BooleanField(label=MachineToken.Scope.PREDICT.label, required=False)
    read = forms.BooleanField(label=MachineToken.Scope.READ.label, required=False)
    samples = forms.BooleanField(label=MachineToken.Scope.SAMPLES.label, required=False)
    review = forms.BooleanField(label=MachineToken.Scope.REVIEW.label, required=False)
    orders = forms.BooleanField(label=MachineToken.Scope.ORDERS.label, required=False)
    admin = forms.BooleanField(label=MachineToken.Scope.ADMIN.label, required=False)
    metrics = forms.BooleanField(label=MachineToken.Scope.METRICS.label, required=False)
    days = forms.IntegerField(label=_("Works for how many days"), min_value=1, max_value=365, initial=90)

    def clean(self) -> dict[str, Any] | None:
        """Ask for at least one right."""
        data = super().clean() or self.cleaned_data
        data["scopes"] = [one for one in MachineToken.Scope.values if data.get(one)]
        if not data["scopes"]:
            self.add_error("read", _("Choose at least one."))
        return data


class FirstAdminForm(SetPasswordForm):
    """Everything about the first admin, who is not in the database yet."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Your name"), max_length=120)
    site_name = forms.CharField(label=_("Name of your laboratory"), max_length=120)

    field_order = ["email", "name", "site_name", "new_password1", "new_password2"]

    def clean(self) -> dict[str, Any] | None:
        """Let the password rules compare with the address and the name that were typed."""
        self.user.email = self.cleaned_data.get("email", "")
        self.user.name = self.cleaned_data.get("name", "")
        return super().clean()


class PasskeyForm(AddWebAuthnForm):
    """A new passkey, in the portal's words."""

    credential = PasskeyAnswer()
    name = forms.CharField(
        label=_("Name"), max_length=60, required=False, help_text=_("So that you know it again in the list.")
    )
    passwordless = forms.BooleanField(
        label=_("Sign in with it alone, without the password"),
        required=False,
        initial=True,
        help_text=_("The device then asks for a fingerprint, your face or a PIN."),
    )


class ActiveUserTokenForm(UserTokenForm):
    """The link of a mail; it stops working when its person is deactivated."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse it as if it had run out."""
        data: dict[str, Any] | None = super().clean()
        if not self.reset_user.is_active:
            raise get_adapter().validation_error("invalid_password_reset")
        return data


class PlainWords(forms.Form):
    """Names the fields of allauth's forms as the portal's other forms do, and each of them once."""

    WORDS: ClassVar[dict[str, Any]] = {
        "login": _("E-mail"),
        "email": _("E-mail"),
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.WORDS.get(name, field.label)


class PlainLogin(PlainWords, LoginForm):
    """Signing in."""


class PlainPasswordChange(PlainWords, ChangePasswordForm):
    """Changing one's password."""


class PlainPasswordReset(PlainWords, ResetPasswordForm):
    """Asking for the link of a mail; nothing here looks up whose address it is."""

    def clean_email(self) -> str:
        """Keep one spelling of an address."""
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **_kwargs: Any) -> str:
        """Store the wish, the same for every address."""
        email: str = self.cleaned_data["email"]
        wish_store(email=email, portal=request.build_absolute_uri("/"))
        return email


class PlainNewPassword(PlainWords, ResetPasswordKeyForm):
    """Setting a password by the link of a mail."""


class PlainReauthentication(PlainWords, ReauthenticateForm):
    """Proving one's identity once more."""
