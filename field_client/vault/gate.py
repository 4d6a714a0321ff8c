"""The first pages of a vault's process, before it holds anything: unlock, or choose a passphrase.

They are shown by the process that will hold the keys, because it ends at the next lock: what was
typed here ends with it, while the keeper lives on and never hears it. A passphrase that was
refused is not put back into its box: it is the one thing typed that must not stay in a page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from field_client import passphrases
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
"""Opens the vault with a passphrase, or makes it first, and gives the door its screens are behind."""

Leave = Callable[[], str]
"""Has the keeper ask who is visiting instead, and gives the address of that page."""


class UnlockSchema(Schema):
    """What opens a vault."""

    passphrase = CleanText(
        required=True,
        characters_max=passphrases.CHARACTERS_MAX,
        metadata={"label": mark("Passphrase"), "missing": REFUSALS["passphrase.missing"]},
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

    def __init__(self, identity: Identity, *, new: bool, open_vault: Open, leave: Leave) -> None:
        self._identity = identity
        self._page = "passphrase" if new else "unlock"
        self._open_vault = open_vault
        self._leave = leave
        self._suggestion = _suggest()

    def create_app(self, port_of: Callable[[], int], *, boot_seconds: float) -> tuple[Flask, Door]:
        """Make the app that shows the page, behind its door."""
        app = make_app("field_client.vault.gate", self._frame, body_bytes_max=BODY_BYTES_MAX)
        door = guard(app, port_of, boot_seconds=boot_seconds)
        app.add_url_rule("/", "first", lambda: redirect(f"/{self._page}"))
        page = self.passphrase if self._page == "passphrase" else self.unlock
        app.add_url_rule(f"/{self._page}", self._page, page, methods=["GET", "POST"])
        app.add_url_rule("/suggest", "suggest", self.suggest, methods=["POST"])
        app.add_url_rule(SOMEBODY_ELSE, "somebody_else", self.somebody_else, methods=["POST"])
        return app, door

    def unlock(self) -> ResponseReturnValue:
        """Have the officer enter the passphrase, and open the vault with it."""
        form = Form.blank(UnlockSchema())
        if request.method == "POST":
            form = Form.read(UnlockSchema(), request.form)
            if form.ok:
                answer, form = self._open(form)
                if answer is not None:
                    return answer
        return render_template("field/unlock.html", form=form, identity=self._identity)

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
        return render_template("field/going_on.html", address=self._leave())

    def _open(self, form: Form) -> tuple[Response | None, Form]:
        """Open the vault and go on to it, or give the form back with what was refused.

        The screens have a cookie of their own: that of this page opens nothing any more.
        """
        try:
            door = self._open_vault(form.data["passphrase"])
        except RuleBroken as refusal:
            return None, form.refused(refusal)
        response = make_response(redirect("/", 303))
        door.admit(response)
        return response, form

    def _frame(self) -> Mapping[str, Any]:
        return {"fictional": self._identity.fictional, "somebody_else": True}


def _suggest() -> str:
    return passphrases.suggest_passphrase(secrets.randbelow)
