"""A real vault with a day's cases in it, as the office's projections write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from field_client.vault.store import Store, open_store
from shared.presentation import LONDON
from sync.protocol import Page, Receipt, Record, Reply

OFFICER = "5d0f6f7e-0d43-4f0a-9a3c-2f4b8a7c9d1e"
COLLEAGUE = "77777777-7777-4777-8777-777777777777"
EPOCH = "11111111-1111-4111-8111-111111111111"
STORE = "22222222-2222-4222-8222-222222222222"

Bodies = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Kind to record id to body, for one case."""


def id_of(name: str) -> str:
    """Make an id that is the same whenever the name is."""
    return str(uuid5(NAMESPACE_URL, name))


def open_vault(folder: Path, key: bytes = b"k" * 32) -> Store:
    """Open a real encrypted vault."""
    store = open_store(folder / "vault.db", bytearray(key))
    if store.get("store_id") is None:
        store.put("store_id", STORE)
    return store


def place(street: str, postcode: str, north: float = 0.0, east: float = 0.0) -> dict[str, Any]:
    """Write a place some metres from the market."""
    return {
        "lines": [street, "Harrowmere"],
        "postcode": postcode,
        "latitude": 53.2871 + north / 111_195,
        "longitude": -0.9134 + east / 66_500,
    }


def person(name: str, *, principal: bool = True, **more: Any) -> dict[str, Any]:
    """Write a person as the office does."""
    return {
        "principal": principal, "kind": "individual", "title": "", "name": name, "language": "",
        "former_names": [], "addresses": [], "phone_numbers": [], **more,
    }  # fmt: skip


def case(
    name: str,
    where: dict[str, Any],
    *,
    planned_on: date | None = None,
    officer_id: str = OFFICER,
    debts: Sequence[tuple[str, int]] = (("council_tax", 123_456),),
    **more: Any,
) -> tuple[str, dict[str, dict[str, dict[str, Any]]]]:
    """Write a case with its person, place, debts and a planned visit; `more` adds kinds of record."""
    case_id, person_id, place_id = id_of(name), id_of(f"person {name}"), id_of(f"place {name}")
    home = {**where, "address_id": place_id, "from_on": None, "until": None}
    reference = f"C-{int(case_id[:6], 16) % 100_000:05d}"
    bodies: dict[str, dict[str, dict[str, Any]]] = {
        "case": {
            case_id: {
                "reference": reference,
                "open": more.pop("open", True),
                "person_id": person_id,
                "address_id": None,
                "opened_at": "2026-10-01T09:00:00+00:00",
            }
        },
        "person": {person_id: person(name, addresses=[home, *more.pop("former", [])])},
        "debt": {},
    }
    bodies["person"][person_id].update(more.pop("person", {}))
    for number, (debt_type, pence) in enumerate(debts):
        bodies["debt"][id_of(f"debt {name} {number}")] = {
            "account_id": id_of(f"account {name} {number}"),
            "account_reference": f"88042{int(case_id[:5], 16) % 10_000:04d}{number}",
            "debt_type": debt_type,
            "address_id": place_id,
            "reference": f"2026{number}",
            "from_on": "2026-04-01",
            "until": "2027-04-01",
            "stage": "liability_order",
            "balance_pence": pence,
            "last_payment": {"received_on": "2026-08-03", "amount_pence": 2_500},
            "liable": [{"person_id": person_id, "name": name}],
        }
    by_type: dict[str, dict[str, int]] = {}
    for debt_type, pence in debts:
        each = by_type.setdefault(debt_type, {"debts": 0, "balance_pence": 0})
        each["debts"] += 1
        each["balance_pence"] += pence
    if debts:
        total = sum(pence for _type, pence in debts)
        bodies["debt_totals"] = {
            case_id: {"debts": len(debts), "balance_pence": total, "by_type": by_type}
        }
    if planned_on:
        bodies["planned_visit"] = {
            id_of(f"plan {name}"): {
                "officer_id": officer_id,
                "purpose": "arrears",
                "planned_on": planned_on.isoformat(),
                "instructions": "Ask about the move in August.",
            }
        }
    for kind, records in more.items():
        bodies.setdefault(kind, {}).update(records)
    return case_id, bodies


def visit(when: datetime, outcome: str = "no_answer", **more: Any) -> dict[str, Any]:
    """Write a visit as the office does."""
    return {
        "officer_id": OFFICER, "officer": "Sam Patel", "happened_at": when.isoformat(),
        "outcome": outcome, "met_person_ids": [], "others_met": "", "notes": "",
        "review": "approved", "comments": [], "photographs": [], **more,
    }  # fmt: skip


def marker(kind: str = "dangerous_dog", **more: Any) -> dict[str, Any]:
    """Write a warning on a place as the office does."""
    return {
        "person_id": None, "address_id": id_of("somewhere"), "kind": kind,
        "note": "A large dog loose in the front garden. Seen by the meter reader.",
        "from_on": "2026-09-12", "review_on": "2027-03-01", **more,
    }  # fmt: skip


def hold(of: str, reason: str = "breathing_space", **more: Any) -> dict[str, Any]:
    """Write a hold on the first debt of a case."""
    return {"debt_id": id_of(f"debt {of} 0"), "reason": reason, "from_on": "2026-01-01",
            "until": None, **more}  # fmt: skip


def fill(
    store: Store,
    cases: Sequence[tuple[str, Bodies]],
    now: datetime,
    receipts: Sequence[Receipt] = (),
) -> None:
    """Have the vault take in what the office would send, as one complete page."""
    start = store.cursor()
    end = start + 1
    records = tuple(
        Record(
            case_id=case_id,
            view="home_visit",
            kind=kind,
            record_id=record_id,
            commit=end,
            body=json.dumps(body),
        )
        for case_id, bodies in cases
        for kind, of_kind in bodies.items()
        for record_id, body in of_kind.items()
    )
    reply = Reply(
        epoch=EPOCH,
        server_time=now.isoformat(),
        receipts=tuple(receipts),
        page=Page(records=records, start=start, end=end, head=end),
    )
    store.absorb(reply)


def a_day(now: datetime) -> list[tuple[str, Bodies]]:
    """Write a day's cases: every group of the list, a warning, a hold, a visit sent back."""
    today = now.astimezone(LONDON).date()
    ago = lambda days, hours=0: now - timedelta(days=days, hours=hours)  # noqa: E731 - short names for a list
    maryam = case(
        "Maryam Castellanos", place("3 Quern Lane", "QZ4 2AB", 120, 80), planned_on=today,
        debts=(("council_tax", 123_456), ("housing_benefit_overpayment", 45_000)),
        person={"phone_numbers": ["07700900123"], "former_names": ["Maryam Okafor"],
                "language": "Spanish", "needs": ["large_print"], "preferred_contact": "letter",
                "household": "", "contacts": [
                    {"contact_id": id_of("maryam mobile"), "kind": "phone",
                     "value": "07700900123", "standing": "in_use"},
                    {"contact_id": id_of("maryam old"), "kind": "phone",
                     "value": "01632960777", "standing": "wrong"}]},
        former=[{**place("9 Osier Bank", "QZ2 1AA"), "address_id": id_of("osier"),
                 "from_on": None, "until": "2024-05-01"}],
        visit={id_of("maryam 1"): visit(ago(9, 3)), id_of("maryam 2"): visit(ago(16, 1))},
        visit_elsewhere={id_of("elsewhere"): {"officer": "Amina Osei",
                         "happened_at": ago(30).isoformat(), "outcome": "spoke_to_person"}},
    )  # fmt: skip
    partner = id_of("partner")
    maryam[1]["person"][partner] = person("José Castellanos", principal=False)
    next(iter(maryam[1]["debt"].values()))["liable"].append(
        {"person_id": partner, "name": "José Castellanos"}
    )
    return [
        maryam,
        case("Wilfred Arkwright-Oyelaran", place("Flat 2, 14 Saltmarsh Terrace", "QZ4 9QX", 400, -200),
             planned_on=today - timedelta(days=3), marker={id_of("dog"): marker()}),
        case("Tom O'Leary", place("22 Sexton Street", "QZ4 9QA", -300, 350),
             planned_on=today - timedelta(days=1)),
        case("Zofia Nowak", place("5 Yarrow Court", "QZ3 7TT", 650, 90), planned_on=today,
             hold={id_of("hold"): hold("Zofia Nowak")}),
        case("Priya Ramanathan", place("41 Mill Race", "QZ1 1AB", -80, -420),
             planned_on=today + timedelta(days=4), visit={id_of("priya"): visit(ago(2, 2))}),
        case("Bramble Tyres Ltd", place("Unit 6, Granary Wharf", "QZ1 3CD", 900, 500),
             planned_on=today + timedelta(days=9), debts=(("business_rates", 9_876_543),)),
        case("Idris Vaughan", place("8 Teal Avenue", "QZ2 4EF"), visit={
            id_of("idris"): visit(ago(5), "spoke_to_person", review="returned", notes="Long talk.",
                comments=[{"about": "notes", "text": "Which month did he say he moved in?",
                           "made_at": ago(1).isoformat(), "is_answer": False}])}),
        case("Agnieszka Łukasiewicz", place("17 Hopyard Lane", "QZ2 8GH"), debts=()),
    ]  # fmt: skip
