"""The keeper's own pages, shown while this device has no vault to unlock: enrol, wait, start again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from field_client.device import Device, Stage
from field_client.door import Door, guard
from field_client.enrolment import DEVICE_NAME_MAX
from field_client.lease import Standing
from field_client.office_link import ADDRESS_CHARACTERS_MAX
from field_client.pages import make_app
from shared import lease_modes
from shared.catalogue import Sentence, mark
from shared.errors import REFUSALS, RuleBroken
from shared.fields import CleanText
from shared.forms import Form, Wrong

BODY_BYTES_MAX = 65_536
"""Bytes a form here may have: a few lines of text."""

GoOn = Callable[[], str]
"""Leaves these pages for those of a vault's process, and gives the address to go on to."""


class EnrolSchema(Schema):
    """What an officer enters to enrol a device."""

    address = CleanText(
        required=True,
        characters_max=ADDRESS_CHARACTERS_MAX,
        metadata={
            "label": mark("Address of your office"),
            "hint": mark("Like fieldfare.council.gov.uk"),
            "missing": REFUSALS["office.address_missing"],
        },
    )
    code = CleanText(
        required=True,
        characters_max=40,
        metadata={
            "label": mark("Code from your office"),
            "hint": mark("8 letters and numbers, like 7K3M 9QXV. It works once, for 15 minutes"),
            "missing": REFUSALS["code.missing"],
        },
    )
    device_name = CleanText(
        required=True,
        characters_max=DEVICE_NAME_MAX,
        metadata={
            "label": mark("Name for this device"),
            "hint": mark("So that the office knows which one it is, like “Blue tablet 4”"),
            "missing": REFUSALS["device.name_missing"],
        },
    )


class Entrance:
    """The pages of one device until somebody at the office has approved it."""

    def __init__(self, device: Device, go_on: GoOn) -> None:
        self._device = device
        self._go_on = go_on

    def create_app(self, port_of: Callable[[], int], *, boot_seconds: float) -> tuple[Flask, Door]:
        """Make the app that shows these pages, behind its door."""
        app = make_app("field_client.entrance", self._frame, body_bytes_max=BODY_BYTES_MAX)
        door = guard(app, port_of, boot_seconds=boot_seconds)
        pages = Blueprint("entrance", __name__)
        pages.before_request(self._to_the_right_page)
        pages.add_url_rule("/", "first", lambda: redirect(f"/{self._device.stage.value}"))
        for stage, page in (
            (Stage.ENROL, self.enrol),
            (Stage.WAITING, self.waiting),
            (Stage.REVOKED, self.revoked),
            (Stage.LEASE, self.lease),
            (Stage.ERASED, self.erased),
            (Stage.BROKEN, self.problem),
        ):
            pages.add_url_rule(f"/{stage.value}", stage.value, page, methods=["GET", "POST"])
        pages.add_url_rule("/lease/again", "again", self.again, methods=["POST"])
        app.register_blueprint(pages)
        return app, door

    def enrol(self) -> ResponseReturnValue:
        """Show the form for the code, and ask the office with it."""
        form = Form.blank(EnrolSchema())
        if request.method == "POST":
            form = Form.read(EnrolSchema(), request.form)
            if form.ok:
                try:
                    self._device.enrol(**form.data)
                except RuleBroken as refusal:
                    form = form.refused(refusal)
                else:
                    return redirect("/")
        return render_template("field/enrol.html", form=form)

    def waiting(self) -> ResponseReturnValue:
        """Show the words to compare; a press asks the office whether somebody has approved.

        If so, a page goes on to the vault's process and not a redirect: another port is another
        origin, and the policy of this page lets a form lead to its own only.
        """
        refusal = None
        if request.method == "POST":
            try:
                self._device.ask_state()
            except RuleBroken as refused:
                refusal = refused
            else:
                if self._device.stage is Stage.LEASE:
                    return self.lease()
                if (onward := self._onward(Stage.WAITING)) is not None:
                    return onward
        return render_template(
            "field/waiting.html",
            enrolment=self._device.enrolment,
            asked=request.method == "POST",
            errors=_errors(refusal),
        )

    def lease(self) -> ResponseReturnValue:
        """Say why the vault does not open, and ask the office for what it needs at a press."""
        refusal = None
        if request.method == "POST":
            try:
                self._device.ask_lease()
            except RuleBroken as refused:
                refusal = refused
            if (onward := self._onward(Stage.LEASE)) is not None:
                return onward
        return render_template(
            "field/lease.html",
            standing=self._device.standing.value,
            lease=self._device.lent.lease,
            names=lease_modes.named,
            meanings=lease_modes.MEANINGS,
            enrolment=self._device.enrolment,
            errors=_errors(refusal),
        )

    def again(self) -> ResponseReturnValue:
        """Begin anew on a device whose records the office has shut for good."""
        if self._device.standing is Standing.TAKEN_BACK:
            self._device.start_again()
        return redirect("/")

    def _onward(self, here: Stage) -> ResponseReturnValue | None:
        """Go on to the page of another stage; to that of a vault over its own address."""
        stage = self._device.stage
        if stage in {Stage.PASSPHRASE, Stage.LOCKED}:
            return render_template("field/going_on.html", address=self._go_on())
        return None if stage is here else redirect("/")

    def revoked(self) -> ResponseReturnValue:
        """Say that the office no longer wants this device; a press starts again."""
        if request.method == "POST":
            self._device.start_again()
            return redirect("/")
        return render_template("field/revoked.html", enrolment=self._device.enrolment)

    def erased(self) -> ResponseReturnValue:
        """Say that the office had this device erased and how far that is; once done, start again."""
        if request.method == "POST":
            self._device.start_again()
            return redirect("/")
        return render_template("field/erased.html", wipe=self._device.wipe)

    def problem(self) -> ResponseReturnValue:
        """Say what keeps this device from starting."""
        return render_template("field/problem.html", errors=_errors(self._device.problem))

    def _to_the_right_page(self) -> ResponseReturnValue | None:
        """Lead to the page of this stage; an address kept from another leads nowhere else."""
        wanted = request.path.split("/")[1]
        if wanted in {"", self._device.stage.value}:
            return None
        return redirect("/")

    def _frame(self) -> Mapping[str, Any]:
        known = self._device.wipe or self._device.enrolment
        return {"fictional": known is not None and known.fictional}


def _errors(refusal: RuleBroken | None) -> list[Wrong]:
    """List a refusal that belongs to no field, still to be said in the reader's language."""
    if refusal is None:
        return []
    return [Wrong("", Sentence(REFUSALS[refusal.code], **refusal.values))]
