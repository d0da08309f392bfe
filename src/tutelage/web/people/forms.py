"""What people fill in about themselves and their organisations."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from tutelage.web.people.models import Member, User


def password_field() -> forms.CharField:
    """A new password; a password manager may make and keep it."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=_("Password"),
        widget=widget,
        strip=False,
        help_text=_("At least 12 characters. A sentence is easy to keep."),
    )


class AccountForm(forms.Form):
    """A new account."""

    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"})
    )
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = password_field()

    def clean_password(self) -> str:
        """A password that is not easily guessed."""
        validate_password(self.cleaned_data["password"])
        return self.cleaned_data["password"]


class FirstRunForm(AccountForm):
    """The installation's owner and its default organisation."""

    organisation = forms.CharField(
        label=_("Your organisation"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("Whoever contributes sees it on every offer."),
    )


class ProfileForm(forms.ModelForm):
    """Name, language, and the colours of this browser."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(
        label=_("Colours in this browser"),
        widget=forms.RadioSelect,
        required=False,
        choices=[("", _("as my device")), ("light", _("light")), ("dark", _("dark"))],
    )

    class Meta:
        model = User
        fields = ("name", "language")


class PasskeyForm(AddWebAuthnForm):
    """A new passkey: it signs in by itself, unless its owner says no."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = _("Sign in with it alone, without a password")
        self.fields["passwordless"].help_text = _("Your device asks for its code, a finger or your face instead.")


class TokenForm(forms.Form):
    """A new token for the API."""

    label = forms.CharField(label=_("What it is for"), max_length=80, help_text=_("For example: nightly export."))
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
        choices=[("read", _("read what you may read")), ("write", _("do what you may do"))],
    )
    days = forms.TypedChoiceField(
        label=_("It ends"),
        coerce=int,
        initial=90,
        choices=[
            (7, _("after a week")),
            (30, _("after a month")),
            (90, _("after three months")),
            (365, _("after a year")),
        ],
    )


class InvitationForm(forms.Form):
    """Whom to let in, as what."""

    role = forms.ChoiceField(label=_("As"))
    email = forms.EmailField(
        label=_("For this address only"),
        required=False,
        help_text=_("Left empty, the link lets in whoever opens it first."),
    )
    days = forms.TypedChoiceField(
        label=_("The link ends"),
        coerce=int,
        initial=14,
        choices=[(1, _("tomorrow")), (14, _("after two weeks")), (60, _("after two months"))],
    )

    def __init__(self, *args: Any, roles: Any = Member.Part.choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles


class OrganisationForm(forms.Form):
    """What an organisation is called."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"dir": "auto"}))
