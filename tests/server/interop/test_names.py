"""Shows which words make a payer a person, an organisation or an estate."""

from __future__ import annotations

import pytest

from server.interop.names import NameOrder, NameRules, merge_key, names_nobody, read_name

RULES = NameRules(otherwise="organisation", merging="registered")


@pytest.mark.parametrize(
    ("written", "people"),
    [
        ("Mr John Larch", [("Mr", "John", "Larch")]),
        ("Dr D S Moss", [("Dr", "D S", "Moss")]),
        ("Prof Dr Ludo van der Berg", [("Prof Dr", "Ludo", "van der Berg")]),
        ("Mr J & Mrs A Marsh", [("Mr", "J", "Marsh"), ("Mrs", "A", "Marsh")]),
        ("Dr & Mrs Buckle", [("Dr", "", "Buckle"), ("Mrs", "", "Buckle")]),
        ("Dr Mead & Dr Moulton", [("Dr", "", "Mead"), ("Dr", "", "Moulton")]),
        ("Dr Peter J Hart and Dr Ann Hart", [("Dr", "Peter J", "Hart"), ("Dr", "Ann", "Hart")]),
        ("Mr John Larch Esq", [("Mr", "John", "Larch")]),
    ],
)
def test_a_titled_name_is_of_individuals(written: str, people: list[tuple[str, str, str]]) -> None:
    payers, notes = read_name(written, RULES)
    assert [(p.title, p.forenames, p.surname) for p in payers] == people
    assert {p.kind for p in payers} == {"individual"}
    assert notes == []


@pytest.mark.parametrize("written", ["Mr John & Mrs Ann Marsh", "Mrs Marsh & Larch", "Mr A / B"])
def test_a_joint_name_that_cannot_be_split_for_certain_is_kept_whole_and_noted(
    written: str,
) -> None:
    payers, notes = read_name(written, RULES)
    assert [(p.name, p.surname) for p in payers] == [(written, "")]
    assert [note.code for note in notes] == ["note.joint_uncertain"]


@pytest.mark.parametrize(
    "written",
    [
        "Mr Pretzel (Uk) Retail Limited",
        "Dr Karel & Partners",
        "Fell Food C.I.C.",
        "Thornmere MDC",
        "L & V Firbank & Sons",
    ],
)
def test_the_words_of_a_company_outweigh_a_title(written: str) -> None:
    payers, notes = read_name(written, RULES)
    assert [(p.kind, p.name) for p in payers] == [("organisation", written)]
    assert notes == []


def test_a_person_called_church_is_a_person() -> None:
    payers, _ = read_name("Mr John Church", RULES)
    assert payers[0].kind == "individual"


def test_a_trading_name_is_told_apart_from_the_legal_one() -> None:
    company, sole = (
        read_name(name, RULES)[0][0]
        for name in ("Gill Ltd T/A Fell Post Office", "Ann Marsh trading as Cobbles")
    )
    assert (company.kind, company.name, company.trading_as) == (
        "organisation",
        "Gill Ltd",
        "Fell Post Office",
    )
    assert (sole.kind, sole.name, sole.trading_as) == ("individual", "Ann Marsh", "Cobbles")


def test_a_name_that_tells_nothing_is_what_the_profile_says_with_a_note() -> None:
    payers, notes = read_name("Lindsey Mere", RULES)
    assert payers[0].kind == "organisation"
    assert payers[0].merge_key is None
    assert [note.code for note in notes] == ["note.kind_uncertain"]
    payers, notes = read_name("Lindsey Mere", NameRules(otherwise="individual"))
    assert (payers[0].kind, payers[0].surname) == ("individual", "Mere")


def test_another_column_or_the_profile_decides_the_kind_before_the_words_do() -> None:
    assert read_name("Fell Ltd", RULES, "individual")[0][0].kind == "individual"
    assert read_name("Mr A Fell", NameRules(kind="organisation"))[0][0].kind == "organisation"


def test_individuals_never_merge_whatever_the_profile_says() -> None:
    for merging in ("never", "registered", "all"):
        rules = NameRules(otherwise="individual", merging=merging)
        for name in ("Mrs Ann Marsh", "Ann Marsh", "Ann Marsh T/A Cobbles", "Mr J & Mrs A Marsh"):
            assert {payer.merge_key for payer in read_name(name, rules)[0]} == {None}


def test_organisations_merge_only_as_far_as_the_profile_says() -> None:
    def key(name: str, merging: str) -> str | None:
        return read_name(name, NameRules(merging=merging, otherwise="organisation"))[0][0].merge_key

    assert key("Fell Widgets Ltd", "never") is None
    assert key("Fell Widgets Ltd", "registered") == "fell widgets ltd"
    assert key("Fell Bowling Club", "registered") is None
    assert key("Fell Bowling Club", "all") == "fell bowling club"


def test_ways_of_writing_one_company_share_a_key() -> None:
    keys = {
        merge_key(name)
        for name in (
            "The Fell & Dale Widgets Ltd.",
            "FELL AND DALE WIDGETS LIMITED",
            "Fell-Dale Widgets ltd",
        )
    }
    assert keys == {"fell dale widgets ltd"}
    assert merge_key("Moda Bébé Ltd") != merge_key("Moda Bobo Ltd")


@pytest.mark.parametrize(
    "written",
    [
        "Executors of Mr Hugh Crane",
        "The Late Mr Hugh Crane",
        "Mr Hugh Crane (Deceased)",
        "Mr Hugh Crane Dec’d",
    ],
)
def test_a_name_that_speaks_of_a_death_says_so(written: str) -> None:
    payers, notes = read_name(written, RULES)
    assert [(p.name, p.title, p.surname, p.estate) for p in payers] == [
        (written, "Mr", "Crane", True)
    ]
    assert [note.code for note in notes] == ["note.estate"]


@pytest.mark.parametrize("written", ["", "The Occupier", "OWNER / OCCUPIER", "unknown.", "Vacant"])
def test_some_words_say_that_nobody_is_known(written: str) -> None:
    assert names_nobody(written)


@pytest.mark.parametrize(
    "written", ["LARCH, Ann Mrs", "Larch, Mrs Ann", "LARCH ANN MRS", "Mrs Ann Larch"]
)
def test_surname_first_is_read_with_and_without_a_comma(written: str) -> None:
    payers, _ = read_name(written, NameRules(order="surname_first"))
    (person,) = payers
    assert (person.title.title(), person.forenames.title(), person.surname.title()) == (
        "Mrs",
        "Ann",
        "Larch",
    )


def test_surname_first_keeps_the_particles_of_a_surname() -> None:
    (person,), _ = read_name("VAN DER BERG ANNA", NameRules(order="surname_first"))
    assert (person.forenames, person.surname) == ("ANNA", "VAN DER BERG")


@pytest.mark.parametrize("order", ["title_first", "surname_first"])
def test_a_name_that_is_only_a_word_for_a_death_is_kept(order: NameOrder) -> None:
    payers, _ = read_name("(Deceased)", NameRules(order=order))
    assert [(payer.name, payer.estate) for payer in payers] == [("(Deceased)", True)]


def test_a_name_that_starts_with_a_mark_is_still_read() -> None:
    payers, _ = read_name("T/A Cobbles", RULES)
    assert payers[0].name == "T/A Cobbles"
