"""Shows that a photograph is made anew from its pixels, kept whole, and refused in a sentence."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from field_client.vault import photographs
from field_client.vault.photographs import PHOTOGRAPHS_MAX
from field_client.vault.pictures import (
    PIXELS_MAX,
    SIDE_MAX,
    UPLOAD_BYTES_MAX,
    Picture,
    read_picture,
)
from field_client.vault.store import Store
from shared.errors import RuleBroken
from shared.schemas import digest
from tests.field_client.vault.pictures import jpeg, picture, png_of, written
from tests.field_client.vault.sample import id_of

VISIT, CASE = id_of("a visit"), id_of("a case")


def opened(made: Picture) -> Image.Image:
    return Image.open(BytesIO(made.body))


def keep(store: Store, raw: bytes, visit_id: str = VISIT) -> str:
    made = read_picture(raw)
    photographs.keep(store, made, visit_id=visit_id, case_id=CASE, purpose="premises")
    return made.photograph_id


def test_its_name_is_the_digest_of_what_is_kept() -> None:
    made = read_picture(jpeg())
    assert made.photograph_id == digest(made.body)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_each_kind_a_camera_writes_becomes_a_plain_jpeg(format_: str) -> None:
    image = opened(read_picture(written(format_)))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (640, 480))


@pytest.mark.proves("T62")
def test_nothing_but_the_pixels_comes_along() -> None:
    made = read_picture(jpeg(place=True))
    image = opened(made)
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"Camera of Sam" not in made.body
    assert b"hidden comment" not in made.body


@pytest.mark.proves("T62")
def test_what_was_hidden_after_the_picture_is_gone() -> None:
    made = read_picture(jpeg() + b"<script>alert(1)</script>")
    assert b"<script>" not in made.body


@pytest.mark.proves("T62")
@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (640, 480)), (6, (480, 640)), (8, (480, 640))]
)
def test_it_stands_the_way_it_was_held(orientation: int, size: tuple[int, int]) -> None:
    image = opened(read_picture(jpeg(orientation=orientation)))
    assert image.size == size
    corner = {1: (5, 240), 6: (240, 5), 8: (240, 635)}[orientation]
    assert min(image.getpixel(corner)) > 200  # type: ignore[type-var,arg-type]  # three colours


def test_a_large_one_is_made_as_large_as_is_kept() -> None:
    image = opened(read_picture(jpeg(width=4_000, height=3_000)))
    assert max(image.size) == SIDE_MAX
    assert image.size == (1_600, 1_200)


def test_what_shines_through_stands_on_white() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert min(opened(read_picture(written("PNG", clear))).getpixel((20, 20))) > 250  # type: ignore[type-var,arg-type]


@pytest.mark.proves("T61")
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "photograph.missing"),
        (b"GIF89a" + b"\0" * 40, "photograph.not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photograph.not_a_picture"),
        (b"%PDF-1.7", "photograph.not_a_picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "photograph.not_a_picture"),
        (b"<html>", "photograph.not_a_picture"),
        (b"\xff\xd8\xff\xe0 and nothing more", "photograph.damaged"),
        (jpeg()[:-900], "photograph.damaged"),
        (png_of(40, 40), "photograph.damaged"),
        (png_of(12_000, 12_000), "photograph.too_large"),
        (png_of(60_000, 60_000), "photograph.too_large"),
        (png_of(8_000, PIXELS_MAX // 8_000 + 1), "photograph.too_large"),
        (jpeg() + b"\0" * UPLOAD_BYTES_MAX, "photograph.too_large"),
    ],
)
def test_what_is_no_photograph_is_refused_in_a_sentence(raw: bytes, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        read_picture(raw)
    assert refused.value.code == code
    assert refused.value.field == "photograph"
    assert refused.value.sentence()


def test_a_format_whose_first_bytes_lie_is_not_opened() -> None:
    with pytest.raises(RuleBroken, match=r"photograph\.not_a_picture"):
        read_picture(b"\xff\xd8\xff" + written("GIF"))


def test_the_same_photograph_twice_is_one(store: Store) -> None:
    assert keep(store, jpeg()) == keep(store, jpeg())
    assert len(photographs.of_visit(store, VISIT)) == 1


def test_it_is_kept_before_its_visit_is_saved_and_sent_only_after(store: Store) -> None:
    kept = keep(store, jpeg())
    assert photographs.waiting(store) == []
    photographs.note_recorded(store, VISIT)
    assert [p.photograph_id for p in photographs.waiting(store)] == [kept]
    photographs.note_arrived(store, kept)
    assert photographs.waiting(store) == []
    assert photographs.body(store, kept) == read_picture(jpeg()).body


def test_one_that_cannot_be_read_back_is_not_accepted(store: Store) -> None:
    false = Picture(photograph_id="0" * 64, body=read_picture(jpeg()).body)
    with pytest.raises(RuleBroken, match=r"photograph\.damaged"):
        photographs.keep(store, false, visit_id=VISIT, case_id=CASE, purpose="premises")
    assert photographs.of_visit(store, VISIT) == []


def test_a_visit_holds_so_many_and_says_so(store: Store) -> None:
    for number in range(PHOTOGRAPHS_MAX):
        keep(store, written("PNG", picture(60 + number, 40)))
    with pytest.raises(RuleBroken, match=r"photograph\.too_many"):
        keep(store, jpeg())
    keep(store, written("PNG", picture(60, 40)))  # the same as the first: none is added
    assert len(photographs.of_visit(store, VISIT)) == PHOTOGRAPHS_MAX


def test_a_saved_photograph_cannot_be_taken_off(store: Store) -> None:
    kept = keep(store, jpeg())
    photographs.note_recorded(store, VISIT)
    photographs.remove(store, VISIT, kept)
    assert len(photographs.of_visit(store, VISIT)) == 1
