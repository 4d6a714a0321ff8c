"""Shows that files in any encoding and delimiter are read line by line, and never past their limits."""

from __future__ import annotations

import codecs

import pytest

from server.interop import reading
from server.interop.reading import Record, Sheet, read
from shared.errors import RuleBroken


def rows(sheet: Sheet) -> list[tuple[int, tuple[str, ...]]]:
    return [(record.line_number, record.values) for record in sheet.records()]


def codes(sheet: Sheet) -> dict[str, tuple[int, ...]]:
    return {remark.reason.code: remark.line_numbers for remark in sheet.remarks}


TEXT = "Ref,Name\r\n1,Zoë\r\n2,José\r\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode("utf-8"), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode("utf-8"), "utf-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32-le"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("cp1252"), "windows-1252"),
    ],
)
def test_each_encoding_gives_the_same_rows(data: bytes, encoding: str) -> None:
    sheet = read(data)
    assert sheet.encoding == encoding
    assert rows(sheet) == [(1, ("Ref", "Name")), (2, ("1", "Zoë")), (3, ("2", "José"))]


def test_a_utf8_file_keeps_its_letters_and_names_the_lines_that_were_windows() -> None:
    sheet = read("1,Zoë\n".encode() + b"2,Jos\xe9\n" + "3,ë".encode() + b"\xe9\n")
    assert [values[1] for _, values in rows(sheet)] == ["Zoë", "José", "ëé"]
    assert sheet.encoding == "utf-8"
    assert codes(sheet) == {"characters.windows": (2, 3)}


def test_a_byte_no_encoding_knows_is_replaced_and_its_line_named() -> None:
    sheet = read(b"1,a\n2,\x81b\n")
    assert rows(sheet)[1] == (2, ("2", "\N{REPLACEMENT CHARACTER}b"))
    assert codes(sheet)["characters.replaced"] == (2,)


def test_characters_damaged_at_the_source_are_kept_and_their_lines_named() -> None:
    sheet = read("1,Chester¿S\n2,CafÃ© Row\n3,¿Que?\n".encode())
    assert codes(sheet) == {"characters.doubtful": (1, 2)}
    assert rows(sheet)[0][1] == ("1", "Chester¿S")


def test_nul_and_other_invisible_characters_are_left_out_and_their_lines_named() -> None:
    sheet = read(b"1,Li\x00ly\n2,b\x07c\n\x1a")
    assert [values for _, values in rows(sheet)] == [("1", "Lily"), ("2", "bc")]
    assert codes(sheet)["characters.removed"] == (1, 2, 3)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = f'Ref{delimiter}Address{delimiter}Owed\n1{delimiter}"2, Mill; Lane"{delimiter}3\n'
    sheet = read(text.encode())
    assert sheet.delimiter == delimiter
    assert rows(sheet)[1] == (2, ("1", "2, Mill; Lane", "3"))


def test_commas_inside_a_semicolon_file_do_not_make_it_a_comma_file() -> None:
    sheet = read(b"Ref;Name;Owed\n1;Marsh, A;1,50\n2;Larch, B;2,50\n")
    assert sheet.delimiter == ";"


def test_the_line_a_spreadsheet_writes_to_name_its_delimiter_is_understood() -> None:
    sheet = read(b"sep=;\r\nRef;Name\r\n1;A\r\n")
    assert rows(sheet) == [(2, ("Ref", "Name")), (3, ("1", "A"))]


def test_a_profile_may_name_the_delimiter() -> None:
    assert read(b"a,b|c\n", delimiter="|").delimiter == "|"


def test_a_line_break_in_quotation_marks_is_part_of_the_value() -> None:
    sheet = read(b'Ref,Address\n1,"Flat 2\nMill Lane"\n2,x\n')
    assert rows(sheet) == [
        (1, ("Ref", "Address")),
        (2, ("1", "Flat 2\nMill Lane")),
        (4, ("2", "x")),
    ]


@pytest.mark.parametrize("after", [b"2,x,y\n3,z,w\n", b'2,"x",y\n3,z,w\n', b""])
def test_a_quotation_mark_never_closed_costs_one_line_only(after: bytes) -> None:
    sheet = read(b'Ref,Name,Note\n1,"Marsh,note\n' + after)
    records = list(sheet.records())
    assert records[1].fault is not None
    assert records[1].fault.code == "row.unclosed_quote"
    assert records[1].values == ('1,"Marsh,note',)
    expected = [] if not after else [(3, ("2", "x", "y")), (4, ("3", "z", "w"))]
    assert [(r.line_number, r.values) for r in records[2:]] == expected


def test_every_way_of_ending_a_line_is_understood_and_nothing_else_ends_one() -> None:
    sheet = read("a,b\rc,d\ne\u2028f,g\x0bh\r\ni,j".encode())
    assert [values for _, values in rows(sheet)] == [
        ("a", "b"),
        ("c", "d"),
        ("e\u2028f", "gh"),
        ("i", "j"),
    ]


def test_blank_lines_and_lines_of_delimiters_are_passed_over_but_counted_as_lines() -> None:
    sheet = read(b"\nRef,Name\n\n,,\n1,A\n  \n")
    assert rows(sheet) == [(2, ("Ref", "Name")), (5, ("1", "A"))]
    assert sheet.opening == "Ref,Name"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "file.empty"),
        (b"PK\x03\x04....", "file.spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "file.spreadsheet"),
        (b"%PDF-1.7", "file.not_text"),
        (b"\x89PNG\r\n", "file.not_text"),
    ],
)
def test_what_is_not_a_list_is_refused_in_one_sentence(data: bytes, code: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        read(data)
    assert refusal.value.code == code
    assert refusal.value.sentence()


def test_a_spreadsheet_is_refused_with_what_to_do() -> None:
    with pytest.raises(RuleBroken) as refusal:
        read(b"PK\x03\x04")
    assert "save the sheet as CSV" in refusal.value.sentence()


def test_a_file_beyond_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LINES_MAX", 2)
    with pytest.raises(RuleBroken) as refusal:
        read(b"a\nb\nc\n")
    assert refusal.value.code == "file.too_many_lines"
    monkeypatch.setattr(reading, "MEGABYTES_MAX", 0)
    with pytest.raises(RuleBroken) as refusal:
        read(b"a\n")
    assert refusal.value.code == "file.too_large"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (",".join(["x"] * 501), "row.too_many_columns"),
        ("1," + "x" * 10_001, "row.cell_too_long"),
        ("x" * 100_001, "row.too_long"),
        ('"' + "x\n" * 60 + '"', "row.unclosed_quote"),
        ('"' + ("x" * 60_000 + "\n") * 2 + '"', "row.unclosed_quote"),
    ],
)
def test_a_row_beyond_a_limit_is_kept_with_its_fault(line: str, code: str) -> None:
    record: Record = next(read(f"{line}\nnext,row\n".encode()).all_records())
    assert record.fault is not None
    assert record.fault.code == code
    assert record.fault.sentence()
