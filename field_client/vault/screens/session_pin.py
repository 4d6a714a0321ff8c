"""Has the officer choose a PIN that unlocks this device for the rest of a day, or forget it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from werkzeug.wrappers import Response

from field_client import passphrases, pins
from field_client.session_pin import ASLEEP_SECONDS_MAX, SESSION_SECONDS_MAX, TRIES_MAX
from field_client.vault.desk import desk
from shared.catalogue import mark
from shared.errors import REFUSALS, RuleBroken
from shared.fields import CleanText
from shared.forms import Form

screens = Blueprint("session_pin", __name__, template_folder="templates")

_HOURS = SESSION_SECONDS_MAX // 3_600
_MINUTES_ASLEEP = ASLEEP_SECONDS_MAX // 60


class ChoosePinSchema(Schema):
    """A new PIN, entered twice, and the passphrase, so that it is the officer who chooses it."""

    pin = CleanText(
        required=True,
        characters_max=passphrases.CHARACTERS_MAX,
        metadata={"label": mark("PIN"), "missing": REFUSALS["pin.missing"]},
    )
    again = CleanText(
        required=True,
        characters_max=passphrases.CHARACTERS_MAX,
        metadata={"label": mark("The same PIN again"), "missing": REFUSALS["pin.again"]},
    )
    passphrase = CleanText(
        required=True,
        characters_max=passphrases.CHARACTERS_MAX,
        metadata={"label": mark("Your passphrase"), "missing": REFUSALS["passphrase.missing"]},
    )


@screens.get("/settings/pin")
def show() -> str:
    """Show the form for a PIN, and until when there is one."""
    return _page(Form.blank(ChoosePinSchema()))


@screens.post("/settings/pin")
def choose() -> ResponseReturnValue:
    """Have a PIN unlock this device from now on."""
    form = Form.read(ChoosePinSchema(), request.form)
    if form.ok:
        try:
            desk().pin.choose(form.data["passphrase"], _entered_twice(form))
        except RuleBroken as refusal:
            form = form.refused(refusal)
        else:
            return redirect("/settings", 303)
    return _page(form)


@screens.post("/settings/pin/forget")
def forget() -> Response:
    """Go back to the passphrase alone."""
    desk().pin.forget()
    return redirect("/settings", 303)


def _entered_twice(form: Form) -> str:
    """Give the new PIN; raises RuleBroken where it is none, or was mistyped once."""
    pin = pins.check(form.data["pin"])
    if "".join(form.data["again"].split()) != pin:
        raise RuleBroken("pin.different", field="again")
    return pin


def _page(form: Form) -> str:
    return render_template(
        "screens/session_pin.html",
        form=form,
        ends_at=desk().pin.ends_at(),
        hours=_HOURS,
        minutes_asleep=_MINUTES_ASLEEP,
        tries=TRIES_MAX,
        digits_min=pins.DIGITS_MIN,
        digits_max=pins.DIGITS_MAX,
    )
