"""An office's address is understood as people type it, or refused in a sentence."""

from __future__ import annotations

import pytest

from field_client.office_link import OfficeAddress
from shared.errors import RuleBroken

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://Office.Example", "https://office.example"),
        ("office.example", "https://office.example"),
        ("  office.example:8443/ ", "https://office.example:8443"),
        ("https://office.example:443", "https://office.example"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.0.0.1", "https://127.0.0.1"),
    ],
)
def test_an_address_is_understood_as_people_type_it(typed: str, meant: str) -> None:
    assert str(OfficeAddress.read(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://office.example",
        "http://localhost:5000",
        "ftp://office.example",
        "https://user:word@office.example",
        "https://office.example/path",
        "https://office.example?a=b",
        "https://office.example#a",
        "https://office.example:port",
        "https://office.example:99999",
        "https://",
        "https://-office",
        "https://office example",
        "https://[::1",
        "https://" + "a" * 300,
        "https://öffice.example",
    ],
)
def test_any_other_address_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        OfficeAddress.read(typed)
    assert refused.value.field == "address"
    assert refused.value.code in {"office.address_missing", "office.address_unreadable"}
