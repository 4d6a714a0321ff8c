"""How each change about people reads on a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.people.commands import (
    AddressRecorded,
    ContactRecorded,
    FormerNameRecorded,
    NameChanged,
    PersonOpened,
    ResidenceEnded,
)
from server.people.markers import MarkerEnded, MarkerRecorded
from server.people.saying import day_of, kept, last_day_before, word
from shared.catalogue import Sentence, mark
from shared.commands import Change
from shared.contacts import PhoneNumberRecorded
from shared.markers import KINDS as RISKS
from shared.presentation import address, phone

Said = Mapping[str, Any]


def _opened(said: Said) -> str:
    return Sentence(mark("Added as %(name)s"), name=kept(said, "whole_name"))


def _name_changed(said: Said) -> str:
    return Sentence(
        mark("Name changed from %(former)s to %(name)s"),
        former=kept(said, "former_name"),
        name=kept(said, "whole_name"),
    )


def _former_name(said: Said) -> str:
    return Sentence(mark("Other or former name: %(name)s"), name=kept(said, "former_name"))


def _address(said: Said) -> str:
    lines = kept(said, "lines")
    place = address(lines.splitlines(), said.get("postcode")) if said.get("lines") else lines
    if said["until"]:
        return Sentence(
            mark("Lived at %(place)s up to and including %(day)s"),
            place=place,
            day=last_day_before(said["until"]),
        )
    if said["from_on"]:
        return Sentence(
            mark("Lives at %(place)s from %(day)s"), place=place, day=day_of(said["from_on"])
        )
    return Sentence(mark("Lives at %(place)s"), place=place)


def _left(said: Said) -> str:
    return Sentence(
        mark("Left their address: last day there %(day)s"), day=last_day_before(said["until"])
    )


def _contact(said: Said) -> str:
    value = kept(said, "value")
    if said["kind"] == "phone":
        return Sentence(mark("Phone number added: %(number)s"), number=phone(value))
    return Sentence(mark("Email address added: %(address)s"), address=value)


def _phone_number(said: Said) -> str:
    return Sentence(
        mark("Phone number given at a visit: %(number)s"), number=phone(kept(said, "number"))
    )


def _marked(said: Said) -> str:
    risk, day = word(RISKS, said["kind"]), day_of(said["review_on"])
    if said["address_id"]:
        return Sentence(mark("Place marked: %(risk)s. Review on %(day)s"), risk=risk, day=day)
    return Sentence(mark("Person marked: %(risk)s. Review on %(day)s"), risk=risk, day=day)


def _marker_ended(said: Said) -> str:
    return Sentence(mark("Marker ended: %(risk)s"), risk=word(RISKS, said["kind"]))


SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {
    PersonOpened: _opened,
    NameChanged: _name_changed,
    FormerNameRecorded: _former_name,
    AddressRecorded: _address,
    ResidenceEnded: _left,
    ContactRecorded: _contact,
    PhoneNumberRecorded: _phone_number,
    MarkerRecorded: _marked,
    MarkerEnded: _marker_ended,
}
