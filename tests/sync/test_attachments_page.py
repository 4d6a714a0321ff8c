"""The page on how photographs travel says what the code does: every refusal, limit and request."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sync import blob_session, blobs

PAGE = (Path(__file__).parents[2] / "docs" / "attachments-protocol.md").read_text(encoding="utf-8")

LIMITS = {
    "SIZE_MAX": blobs.SIZE_MAX,
    "PART_BYTES": blobs.PART_BYTES,
    "PARTS_MAX": blobs.PARTS_MAX,
    "UPLOADS_MAX": blobs.UPLOADS_MAX,
    "EXPIRES_SECONDS": blobs.EXPIRES_SECONDS,
    "METADATA_CHARACTERS_MAX": blobs.METADATA_CHARACTERS_MAX,
    "STARTS_MAX": blob_session.STARTS_MAX,
    "STALLS_MAX": blob_session.STALLS_MAX,
}


def test_every_refusal_stands_on_the_page_with_its_status() -> None:
    told = dict(re.findall(r"^\| `(blob\.\w+)` \| (\d+) \|", PAGE, re.MULTILINE))
    assert told == {code: str(status) for code, status in blobs.STATUSES.items()}


def test_what_is_never_sent_again_is_said_to_be() -> None:
    never = set(re.findall(r"^\| `(blob\.\w+)` \| \d+ \| never sends it again", PAGE, re.MULTILINE))
    assert never == blobs.FOR_GOOD


def test_no_limit_is_missing() -> None:
    named = {
        name
        for module in (blobs, blob_session)
        for name in vars(module)
        if name.endswith(("_MAX", "_BYTES", "_SECONDS")) and name != "PHOTOGRAPH_BYTES_MAX"
    }
    assert named == LIMITS.keys()


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_stands_on_the_page_with_its_figure(name: str) -> None:
    (line,) = re.findall(rf"^\| .*\(`{name}`\).*\|(.*)\|$", PAGE, re.MULTILINE)
    assert f"{LIMITS[name]:,}" in line


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "HEAD", "PATCH", "DELETE"])
def test_every_request_stands_on_the_page(method: str) -> None:
    assert re.search(rf"^\| {method} \| ", PAGE, re.MULTILINE)


def test_the_words_of_tus_are_those_of_the_code() -> None:
    assert f"`Tus-Resumable: {blobs.TUS_VERSION}`" in PAGE
    assert all(each in PAGE for each in (*blobs.EXTENSIONS, *blobs.CHECKSUMS))
    assert blobs.PART_TYPE in PAGE
    assert f"`{blobs.REFUSED_HEADER}`" in PAGE
    assert f"`{blobs.BLOB_PATH}`" in PAGE
