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
from server.people.saying import ERASED, day_of, kept, last_day_before, word
from shared.catalogue import Sentence, mark
from shared.commands import Change
from shared.contacts import PhoneNumberRecorded
from shared.detail_fields import label_of
from shared.detail_fields import said as value_in_words
from shared.details import ContactCorrected, DetailsCorrected
from shared.markers import KINDS as RISKS
from shared.markers import MarkerEnded, MarkerRecorded
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


def _details(said: Said) -> str:
    values = said.get("values")
    if not isinstance(values, Mapping):
        return Sentence(mark("Details put right: %(details)s"), details=ERASED)
    parts: dict[str, object] = {}
    for number, name in enumerate(said["moved"]):
        parts[f"field{number}"] = label_of("person", name)
        parts[f"value{number}"] = value_in_words("person", name, values.get(name))
    written = "; ".join(f"%(field{n})s: %(value{n})s" for n in range(len(said["moved"])))
    return Sentence(written, **parts)


def _contact_standing(said: Said) -> str:
    value = phone(kept(said, "value"))
    if said["standing"] == "wrong":
        return Sentence(mark("%(contact)s does not reach them"), contact=value)
    return Sentence(mark("%(contact)s reaches them"), contact=value)


SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {
    PersonOpened: _opened,
    NameChanged: _name_changed,
    FormerNameRecorded: _former_name,
    AddressRecorded: _address,
    ResidenceEnded: _left,
    ContactRecorded: _contact,
    PhoneNumberRecorded: _phone_number,
    DetailsCorrected: _details,
    ContactCorrected: _contact_standing,
    MarkerRecorded: _marked,
    MarkerEnded: _marker_ended,
}
