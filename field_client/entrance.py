"""The keeper's own pages, while no vault is to be unlocked: who is visiting, enrol, wait, start again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from field_client.device import Device, Stage
from field_client.door import Door, guard
from field_client.enrolment import DEVICE_NAME_MAX
from field_client.lease import Standing
from field_client.office_link import ADDRESS_CHARACTERS_MAX
from field_client.pages import SOMEBODY_ELSE, make_app
from field_client.tablet import Tablet
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


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """One officer of a tablet, as the page that asks who is visiting names them."""

    name: str
    """The officer's own name, or that of their device, or nothing where neither can be known."""

    stands: str
    """What there is to say of how their device stands; nothing where it only has to be unlocked."""

    folder: str


_STANDS: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.ENROL: mark("Has to be set up again"),
        Stage.WAITING: mark("Waits for approval"),
        Stage.REVOKED: mark("No longer allowed"),
        Stage.LEASE: mark("Needs signal once"),
        Stage.PASSPHRASE: mark("Has to choose a passphrase"),
        Stage.LOCKED: "",
        Stage.ERASED: mark("Erased by the office"),
        Stage.BROKEN: mark("Cannot start"),
    }
)


class Entrance:
    """The pages of one tablet while no vault of it is to be unlocked."""

    def __init__(self, tablet: Tablet, go_on: GoOn) -> None:
        self._tablet = tablet
        self._go_on = go_on

    @property
    def _device(self) -> Device:
        """Give the device of whoever is here; the page before that is the only one without."""
        if self._tablet.chosen is None:
            raise ValueError("nobody has said who is visiting")
        return self._tablet.chosen

    @property
    def _stage(self) -> Stage:
        chosen = self._tablet.chosen
        return Stage.CHOOSE if chosen is None else chosen.stage

    def create_app(self, port_of: Callable[[], int], *, boot_seconds: float) -> tuple[Flask, Door]:
        """Make the app that shows these pages, behind its door."""
        app = make_app("field_client.entrance", self._frame, body_bytes_max=BODY_BYTES_MAX)
        door = guard(app, port_of, boot_seconds=boot_seconds)
        pages = Blueprint("entrance", __name__)
        pages.before_request(self._to_the_right_page)
        pages.add_url_rule("/", "first", lambda: redirect(f"/{self._stage.value}"))
        for stage, page in (
            (Stage.CHOOSE, self.choose),
            (Stage.ENROL, self.enrol),
            (Stage.WAITING, self.waiting),
            (Stage.REVOKED, self.revoked),
            (Stage.LEASE, self.lease),
            (Stage.ERASED, self.erased),
            (Stage.BROKEN, self.problem),
        ):
            pages.add_url_rule(f"/{stage.value}", stage.value, page, methods=["GET", "POST"])
        pages.add_url_rule("/choose/join", "join", self.join, methods=["POST"])
        pages.add_url_rule(SOMEBODY_ELSE, "somebody_else", self.somebody_else, methods=["POST"])
        pages.add_url_rule("/lease/again", "again", self.again, methods=["POST"])
        app.register_blueprint(pages)
        return app, door

    def choose(self) -> ResponseReturnValue:
        """Ask who is visiting, and go on to the page of whoever says so."""
        if request.method == "POST":
            self._tablet.choose(request.form.get("folder", ""))
            if (onward := self._onward(Stage.CHOOSE)) is not None:
                return onward
        visitors = sorted(map(_visitor, self._tablet.devices), key=lambda each: each.name)
        return render_template("field/choose.html", visitors=visitors)

    def join(self) -> ResponseReturnValue:
        """Have another officer set this tablet up for themselves."""
        self._tablet.join()
        return redirect("/")

    def somebody_else(self) -> ResponseReturnValue:
        """Ask again who is visiting."""
        self._tablet.leave()
        return redirect("/")

    def enrol(self) -> ResponseReturnValue:
        """Show the form for the code, and ask the office with it.

        What another officer of this tablet entered stands there already, but for the code.
        """
        form = Form.blank(EnrolSchema(), self._known())
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
        stage = self._stage
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
        if wanted in {"", self._stage.value, SOMEBODY_ELSE.strip("/")}:
            return None
        return redirect("/")

    def _known(self) -> dict[str, str]:
        """Say what the form for a code can begin with: the same office, and this tablet's name."""
        for each in self._tablet.devices:
            if each.enrolment is not None:
                return {
                    "address": each.enrolment.office_address,
                    "device_name": each.enrolment.device_name,
                }
        return {}

    def _frame(self) -> Mapping[str, Any]:
        chosen = self._tablet.chosen
        seen = self._tablet.devices if chosen is None else [chosen]
        known = [each.wipe or each.enrolment for each in seen]
        return {
            "fictional": any(each is not None and each.fictional for each in known),
            "somebody_else": any(each is not chosen for each in self._tablet.devices)
            or self._stage not in {Stage.CHOOSE, Stage.ENROL},
        }


def _visitor(device: Device) -> Visitor:
    known, stage = device.wipe or device.enrolment, device.stage
    officer = device.enrolment.officer_name if device.enrolment is not None else ""
    return Visitor(
        name=officer or (known.device_name if known is not None else ""),
        stands=_STANDS[stage],
        folder=device.home.folder.name,
    )


def _errors(refusal: RuleBroken | None) -> list[Wrong]:
    """List a refusal that belongs to no field, still to be said in the reader's language."""
    if refusal is None:
        return []
    return [Wrong("", Sentence(REFUSALS[refusal.code], **refusal.values))]
