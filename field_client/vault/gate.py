"""The first pages of a vault's process, before it holds anything: unlock it, or choose a passphrase.

They are shown by the process that will hold the keys, because it ends at the next lock: what was
typed here ends with it, while the keeper lives on and never hears it. A passphrase or a PIN that
was refused is not put back into its box: it is the one thing typed that must not stay in a page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from field_client import clock, passphrases, pins
from field_client.door import Door, guard
from field_client.identity import Identity
from field_client.pages import SOMEBODY_ELSE, make_app
from shared.catalogue import mark
from shared.errors import REFUSALS, RuleBroken
from shared.fields import CleanText
from shared.forms import Form

BODY_BYTES_MAX = 65_536
"""Bytes a form here may have: a line or two of text."""

Open = Callable[[str], Door]
"""Opens the vault with what was entered, and gives the door its screens are behind."""


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Where the gate leads: into the vault, or back."""

    by_passphrase: Open
    """Makes the vault first where there is none."""

    by_pin: Open

    leave: Callable[[], str]
    """Has the keeper ask who is visiting instead, and gives the address of that page."""


class UnlockSchema(Schema):
    """What opens a vault."""

    passphrase = CleanText(
        required=True,
        characters_max=passphrases.CHARACTERS_MAX,
        metadata={"label": mark("Passphrase"), "missing": REFUSALS["passphrase.missing"]},
    )


class PinSchema(Schema):
    """What opens a vault for the rest of a session."""

    pin = CleanText(
        required=True,
        characters_max=passphrases.CHARACTERS_MAX,
        metadata={"label": mark("PIN"), "missing": REFUSALS["pin.missing"]},
    )


class PassphraseSchema(UnlockSchema):
    """A new passphrase, entered twice so that it was not mistyped."""

    again = CleanText(
        required=True,
        characters_max=passphrases.CHARACTERS_MAX,
        metadata={
            "label": mark("The same passphrase again"),
            "missing": REFUSALS["passphrase.again"],
        },
    )


class Gate:
    """The page before one vault: a box to unlock it, or two to make it."""

    def __init__(
        self, identity: Identity, *, new: bool, ways: Ways, pin_seconds: float | None = None
    ) -> None:
        """Take whose vault it is and the ways on; a PIN opens it for `pin_seconds`, where there is one."""
        self._identity = identity
        self._new = new
        self._ways = ways
        left = None if pin_seconds is None else timedelta(seconds=pin_seconds)
        self._pin_until = None if left is None else clock.now() + left
        self._suggestion = _suggest()

    def create_app(self, port_of: Callable[[], int], *, boot_seconds: float) -> tuple[Flask, Door]:
        """Make the app that shows the page, behind its door."""
        app = make_app("field_client.vault.gate", self._frame, body_bytes_max=BODY_BYTES_MAX)
        door = guard(app, port_of, boot_seconds=boot_seconds)
        app.add_url_rule("/", "first", self.first)
        shut = {"unlock": self.unlock, "pin": self.pin}
        for name, page in ({"passphrase": self.passphrase} if self._new else shut).items():
            app.add_url_rule(f"/{name}", name, page, methods=["GET", "POST"])
        app.add_url_rule("/suggest", "suggest", self.suggest, methods=["POST"])
        app.add_url_rule(SOMEBODY_ELSE, "somebody_else", self.somebody_else, methods=["POST"])
        return app, door

    def first(self) -> ResponseReturnValue:
        """Go on to the page that asks for what opens the vault now."""
        if self._new:
            return redirect("/passphrase")
        return redirect("/unlock" if self._pin_until is None else "/pin")

    def unlock(self) -> ResponseReturnValue:
        """Have the officer enter the passphrase, and open the vault with it."""
        form = Form.blank(UnlockSchema())
        if request.method == "POST":
            form = Form.read(UnlockSchema(), request.form)
            if form.ok:
                answer, form = self._open(form)
                if answer is not None:
                    return answer
        return self._passphrase_page(form)

    def pin(self) -> ResponseReturnValue:
        """Have the officer enter the PIN of this session; once it opens nothing, ask for the passphrase."""
        if self._pin_until is None:
            return redirect("/unlock")
        form = Form.blank(PinSchema())
        if request.method == "POST":
            form = Form.read(PinSchema(), request.form)
            if form.ok:
                try:
                    return _going_in(self._ways.by_pin(pins.shaped(form.data["pin"])))
                except RuleBroken as refusal:
                    if refusal.field == "passphrase":
                        self._pin_until = None
                        return self._passphrase_page(Form.blank(UnlockSchema()).refused(refusal))
                    form = form.refused(refusal)
        return render_template(
            "field/pin.html", form=form, identity=self._identity, until=self._pin_until
        )

    def passphrase(self) -> ResponseReturnValue:
        """Have the officer choose a passphrase, and make the vault with it."""
        form = Form.blank(PassphraseSchema())
        if request.method == "POST":
            form = Form.read(PassphraseSchema(), request.form)
            if form.ok and form.data["again"] != form.data["passphrase"]:
                form = form.refused(RuleBroken("passphrase.different", field="again"))
            if form.ok:
                answer, form = self._open(form)
                if answer is not None:
                    return answer
        return render_template("field/passphrase.html", form=form, suggestion=self._suggestion)

    def suggest(self) -> ResponseReturnValue:
        """Suggest other words."""
        self._suggestion = _suggest()
        return redirect("/")

    def somebody_else(self) -> ResponseReturnValue:
        """Go on to the page that asks who is visiting; this process ends behind it."""
        return render_template("field/going_on.html", address=self._ways.leave())

    def _passphrase_page(self, form: Form) -> str:
        return render_template(
            "field/unlock.html",
            form=form,
            identity=self._identity,
            has_pin=self._pin_until is not None,
        )

    def _open(self, form: Form) -> tuple[Response | None, Form]:
        """Open the vault by passphrase and go on to it, or give the form back with what was refused."""
        try:
            return _going_in(self._ways.by_passphrase(form.data["passphrase"])), form
        except RuleBroken as refusal:
            return None, form.refused(refusal)

    def _frame(self) -> Mapping[str, Any]:
        return {"fictional": self._identity.fictional, "somebody_else": True}


def _going_in(door: Door) -> Response:
    """Go on into the vault: its screens have a cookie of their own, and that of this page is over."""
    response = make_response(redirect("/", 303))
    door.admit(response)
    return response


def _suggest() -> str:
    return passphrases.suggest_passphrase(secrets.randbelow)
