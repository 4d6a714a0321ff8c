"""What somebody typed is not lost because their session had ended."""

from __future__ import annotations

import html
import re

from tests.server.access.conftest import PASSWORD, Office


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def test_a_form_sent_after_the_session_ended_goes_on_after_signing_in(office: Office) -> None:
    office.person("amina", "administrator")
    client = office.app.test_client()
    typed = {"full_name": "Rosa “Rose” O'Neill & co", "sign_in": "rosa", "password": "secret one"}

    late = client.post("/users/new", data=typed, follow_redirects=True)
    assert late.status_code == 401
    carried = hidden(late.text)
    assert carried["held:full_name"] == typed["full_name"]
    assert "held:password" not in carried

    wrong = client.post("/sign-in", data={**carried, "user_name": "amina", "password": "no"})
    assert hidden(wrong.text)["held:full_name"] == typed["full_name"]

    right = client.post("/sign-in", data={**carried, "user_name": "amina", "password": PASSWORD})
    assert right.status_code == 200
    offered = hidden(right.text)
    assert 'action="/users/new"' in right.text
    assert offered["full_name"] == typed["full_name"]
    done = client.post("/users/new", data=offered)
    assert "Rosa" in done.text or done.status_code in {302, 303}


def test_a_form_too_large_to_carry_is_not_carried_by_half(office: Office) -> None:
    client = office.app.test_client()
    late = client.post("/users/new", data={"full_name": "x" * 300_001}, follow_redirects=True)
    assert late.status_code == 401
    assert "held:" not in late.text
