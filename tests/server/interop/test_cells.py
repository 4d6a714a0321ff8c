"""Shows what one cell of a file may hold: dates, amounts, references and postcodes, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.interop import cells
from server.interop.addresses import address, postcode, split_address
from server.interop.cells import DATE_FORMATS, CellRefused

DAYS = tuple(name for name in DATE_FORMATS if name not in ("MM/DD/YYYY",))


@pytest.mark.parametrize(
    "text",
    [
        "2025-03-31",
        "2025-03-31 00:00:00",
        "2025-03-31T00:00:00.000Z",
        "31/03/2025",
        "31/3/2025 12:00",
        "31/03/25",
        "31-03-2025",
        "31.03.2025",
        "31-Mar-2025",
        "31-MAR-25",
        "31 March 2025",
        "31st March 2025",
        "2025/03/31",
        "20250331",
        "45747",
        "45747.0",
    ],
)
def test_one_day_written_many_ways_is_one_day(text: str) -> None:
    assert cells.day(text, DAYS) == date(2025, 3, 31)


def test_month_first_is_read_only_where_the_profile_says_so() -> None:
    assert cells.day("03/04/2025", ("DD/MM/YYYY",)) == date(2025, 4, 3)
    assert cells.day("03/04/2025", ("MM/DD/YYYY",)) == date(2025, 3, 4)


@pytest.mark.parametrize("text", ["1 Sept 2024", "01-Sep-2024"])
def test_september_has_two_short_names(text: str) -> None:
    assert cells.day(text, ("D MONTH YYYY", "DD-MON-YYYY")) == date(2024, 9, 1)


def test_two_digit_years_turn_at_1950() -> None:
    assert cells.day("01/01/50", ("DD/MM/YY",)) == date(1950, 1, 1)
    assert cells.day("01/01/49", ("DD/MM/YY",)) == date(2049, 1, 1)


def test_the_year_9999_means_no_end() -> None:
    assert cells.day("31/12/9999", ("DD/MM/YYYY",)) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Y", "cell.date"),
        ("31/02/2024", "cell.date"),
        ("31-Foo-2024", "cell.date"),
        ("2024-13-01", "cell.date"),
        ("٣١/٠٣/٢٠٢٥", "cell.date"),
        ("0204-01-01", "cell.date_unlikely"),
        ("01/01/2991", "cell.date_unlikely"),
    ],
)
def test_what_is_no_date_is_refused(text: str, code: str) -> None:
    with pytest.raises(CellRefused) as refusal:
        cells.day(text, ("YYYY-MM-DD", "DD/MM/YYYY", "DD-MON-YYYY"))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("1234", 123400),
        ("1,234.5", 123450),
        ("£1,234.56", 123456),
        ("1 234.56", 123456),
        ("GBP 12.00", 1200),
        ("12.5000", 1250),
        ("-45.10", -4510),
        ("−45.10", -4510),
        ("- £45.10", -4510),
        ("(45.10)", -4510),
        ("(£45.10)", -4510),
        ("45.10-", -4510),
        ("45.10 CR", -4510),
        ("45.10DR", 4510),
    ],
)
def test_amounts_are_read_to_the_penny(text: str, amount: int) -> None:
    assert cells.pence(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "see note",
        "1,23",
        "12,34.00",
        "1.234,56",
        "12.345",
        "--5",
        "(-5)",
        "-5 CR",
        "1.2E+05",
        "1_000",
        "٥",
        "5.",
        "",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(CellRefused) as refusal:
        cells.pence(text)
    assert refusal.value.code == "cell.amount"


def test_an_amount_beyond_any_account_is_refused() -> None:
    for text in ("10000000000.00", "9" * 19):
        with pytest.raises(CellRefused) as refusal:
            cells.pence(text)
        assert refusal.value.code == "cell.amount_too_large"


def test_a_file_in_pence_is_read_in_pence() -> None:
    assert cells.pence("12,345", in_pence=True) == 12345
    assert cells.pence("12345.00", in_pence=True) == 12345
    with pytest.raises(CellRefused):
        cells.pence("123.45", in_pence=True)


@given(st.integers(min_value=-(10**11), max_value=10**11))
def test_any_amount_written_in_any_of_the_ways_comes_back_the_same(amount: int) -> None:
    size = f"{abs(amount) // 100}.{abs(amount) % 100:02}"
    grouped = f"£{abs(amount) // 100:,}.{abs(amount) % 100:02}"
    ways = (
        [f"-{size}", f"({grouped})", f"{grouped} CR", f"{size}-"] if amount < 0 else [size, grouped]
    )
    assert {cells.pence(way) for way in ways} == {amount}


@pytest.mark.parametrize("mark", ["#N/A", "NULL", "(null)", "-", "N/A", "#REF!", "   ", "\u00a0"])
def test_a_mark_for_nothing_is_nothing(mark: str) -> None:
    assert cells.plain(mark) == ""


def test_a_surname_that_is_also_a_word_for_nothing_stays() -> None:
    assert cells.plain("Null") == "Null"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  a\u00a0 b\n c ", "a b c"),
        ('="00123"', "00123"),
        ("'=1+1", "=1+1"),
        ("'Tis", "'Tis"),
        ("e\u0301", "é"),
    ],
)
def test_a_cell_is_put_in_normal_form(cell: str, text: str) -> None:
    assert cells.plain(cell) == text


def test_zeros_in_front_of_a_reference_stay() -> None:
    assert cells.reference("000426619") == "000426619"
    assert cells.reference("'00042") == "00042"
    assert cells.reference("2024/036 (A)") == "2024/036 (A)"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("7.00039E+11", "cell.reference_rounded"),
        ("=1+1", "cell.reference"),
        ("-5", "cell.reference"),
        ("<b>", "cell.reference"),
        ("9" * 61, "cell.reference"),
    ],
)
def test_what_is_no_reference_is_refused(text: str, code: str) -> None:
    with pytest.raises(CellRefused) as refusal:
        cells.reference(text)
    assert refusal.value.code == code


def test_text_that_cannot_be_stored_or_shown_is_refused() -> None:
    for text, code in (("a\x85b", "cell.text"), ("x" * 301, "cell.text_too_long")):
        with pytest.raises(CellRefused) as refusal:
            cells.text_of(text)
        assert refusal.value.code == code


def test_small_values_are_read_or_refused() -> None:
    assert cells.whole_number("£12,500") == 12500
    assert cells.whole_number("12500.00") == 12500
    assert cells.coordinate("-1.75550", north=False) == Decimal("-1.75550")
    assert cells.yes_no("Occupied")
    assert not cells.yes_no("vacant")
    assert cells.uprn("000100012345") == "100012345"
    assert cells.phone("+44 (0)1632 960123") == "+44 (0)1632 960123"
    assert cells.email("pat@example.org") == "pat@example.org"


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (cells.whole_number, "LS2", "cell.number"),
        (cells.whole_number, "12.5", "cell.number"),
        (lambda text: cells.coordinate(text, north=True), "-1.75550", "cell.coordinate"),
        (lambda text: cells.coordinate(text, north=False), "1990-04-01", "cell.coordinate"),
        (cells.yes_no, "Deceased", "cell.yes_no"),
        (cells.uprn, "0000", "cell.uprn"),
        (cells.uprn, "1234567890123", "cell.uprn"),
        (cells.phone, "none given", "cell.phone"),
        (cells.email, "pat at example", "cell.email"),
        (postcode, "Saddler Yard", "cell.postcode"),
    ],
)
def test_a_value_that_is_not_what_its_column_says_is_refused(read, text: str, code: str) -> None:
    with pytest.raises(CellRefused) as refusal:
        read(text)
    assert refusal.value.code == code
    reason = refusal.value.reason("occupied", "A column")
    assert "A column" in reason.sentence()


def test_a_refusal_repeats_only_the_beginning_of_a_long_value() -> None:
    with pytest.raises(CellRefused) as refusal:
        cells.yes_no("x" * 5_000)
    assert len(str(refusal.value.values["value"])) == cells.SHOWN_CHARACTERS_MAX


@pytest.mark.parametrize("text", ["bd21 1pw", "BD211PW", "BD21  1PW", " BD21.1PW, "])
def test_a_postcode_has_one_form(text: str) -> None:
    assert postcode(text) == "BD21 1PW"


def test_an_address_is_cut_into_lines_without_its_postcode() -> None:
    parts = split_address(["52, Cross Roads, Thornmere, ZZ2 9BA"], ",")
    found = address(parts, "ZZ2 9BA")
    assert found.lines == ("52 Cross Roads", "Thornmere")
    assert found.postcode == "ZZ2 9BA"


def test_a_postcode_only_written_in_the_address_is_found_there() -> None:
    found = address(split_address(["1 Mill Lane\nThornmere\nzz29ba"], None), None)
    assert (found.lines, found.postcode) == (("1 Mill Lane", "Thornmere"), "ZZ2 9BA")


def test_another_postcode_at_the_end_of_an_address_stays_there() -> None:
    assert address(["1 Mill Lane", "ZZ2 9BB"], "ZZ2 9BA").lines == ("1 Mill Lane", "ZZ2 9BB")


def test_an_address_of_many_lines_loses_none() -> None:
    found = address([f"part {n}" for n in range(12)], None)
    assert len(found.lines) == 8
    assert found.lines[-1] == "part 7, part 8, part 9, part 10, part 11"
