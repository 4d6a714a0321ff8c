"""The door, attacked over real sockets: other hosts, other origins, spent tokens, other cookies."""

from __future__ import annotations

import http.client
import random
import secrets
import string
import time
from collections.abc import Iterator

import pytest

from field_client.door import BOOT_PATH, HEADERS
from tests.browser import PageAt
from tests.field_client.guarded_app import BODY_BYTES_MAX, GuardedApp, open_files

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def device() -> Iterator[GuardedApp]:
    made = GuardedApp()
    yield made
    made.stop()


def test_the_first_visitor_with_the_token_is_let_in(device: GuardedApp) -> None:
    boot = device.door.boot_address().removeprefix(device.door.origin)
    first = device.ask(boot)
    assert first.status == 200
    assert b'content="0; url=/"' in first.content  # type: ignore[attr-defined]
    cookie = str(first.headers["Set-Cookie"])
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert device.ask(Cookie=cookie.partition(";")[0]).status == 200


@pytest.mark.proves("T22")
def test_a_token_works_once(device: GuardedApp) -> None:
    boot = device.door.boot_address().removeprefix(device.door.origin)
    assert [device.ask(boot).status for _ in range(3)] == [200, 401, 401]


@pytest.mark.proves("T22")
def test_a_token_is_not_spent_by_looking_ahead(device: GuardedApp) -> None:
    boot = device.door.boot_address().removeprefix(device.door.origin)
    assert device.ask(boot, "HEAD").status == 405 or device.ask(boot, "HEAD").status == 401
    assert device.ask(boot, Sec_Purpose="prefetch").status == 401
    assert device.ask(boot, "POST", Origin=device.door.origin).status == 401
    assert device.ask(boot).status == 200


@pytest.mark.proves("T22")
def test_a_token_stops_working_after_its_time() -> None:
    device = GuardedApp(boot_seconds=0.2)
    boot = device.door.boot_address().removeprefix(device.door.origin)
    time.sleep(0.25)
    assert device.ask(boot).status == 401
    device.stop()


def test_only_so_many_addresses_wait_at_once(device: GuardedApp) -> None:
    waiting = [device.door.boot_address().removeprefix(device.door.origin) for _ in range(9)]
    assert [device.ask(boot).status for boot in waiting] == [401] + [200] * 8


@pytest.mark.proves("T22")
def test_two_thousand_guesses_open_nothing(device: GuardedApp) -> None:
    real = device.door.boot_address()
    connection = http.client.HTTPConnection("127.0.0.1", device.server.port)
    for number in range(2_000):
        guess = secrets.token_urlsafe(32) if number % 5 else real[-42:] + "A"
        connection.request("GET", BOOT_PATH + guess)
        response = connection.getresponse()
        response.read()
        assert response.status == 401
    connection.close()
    assert device.ask(real.removeprefix(device.door.origin)).status == 200


def bad_hosts(port: int) -> list[str | None]:
    draw = random.Random(7)
    letters = string.ascii_letters + string.digits + ".:-[]@%_"
    wild = ["".join(draw.choices(letters, k=draw.randint(1, 40))) for _ in range(160)]
    return [
        None,
        "",
        "127.0.0.1",
        f"127.0.0.1:{port + 1}",
        f"127.0.0.1:{port}0",
        f"127.0.0.1:0{port}",
        f"localhost:{port}",
        f"[::1]:{port}",
        f"0.0.0.0:{port}",
        f"127.1:{port}",
        f"2130706433:{port}",
        f"127.0.0.1.:{port}",
        f"127.0.0.1:{port}.evil.example",
        f"evil.example:{port}",
        f"evil.example@127.0.0.1:{port}",
        f"127.0.0.1:{port},127.0.0.1:{port}",
        f"127.0.0.1:{port} ",
        *wild,
    ]


@pytest.mark.proves("T21")
def test_a_request_for_any_other_host_is_refused(device: GuardedApp) -> None:
    cookie = device.cookie()
    for host in bad_hosts(device.server.port):
        response = device.ask(Host=host, Cookie=cookie)
        stripped = (host or "").strip() == f"127.0.0.1:{device.server.port}"
        assert stripped or response.status in {400, 421}, host
        assert stripped or b"Adebayo" not in response.content, host  # type: ignore[attr-defined]


@pytest.mark.proves("T20")
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin"])
def test_a_request_started_by_another_site_is_refused(device: GuardedApp, site: str) -> None:
    assert device.ask(Cookie=device.cookie(), Sec_Fetch_Site=site).status == 403


def test_a_boot_address_may_be_opened_from_the_page_of_the_other_port(device: GuardedApp) -> None:
    boot = device.door.boot_address().removeprefix(device.door.origin)
    assert device.ask(boot, Sec_Fetch_Site="cross-site").status == 403
    assert device.ask(boot, Sec_Fetch_Site="same-site").status == 200


@pytest.mark.proves("T20")
def test_nothing_is_saved_unless_our_own_page_sent_it(device: GuardedApp) -> None:
    cookie, port = device.cookie(), device.server.port
    for origin in (
        None,
        "null",
        "",
        f"http://127.0.0.1:{port + 1}",
        f"http://localhost:{port}",
        f"https://127.0.0.1:{port}",
        f"http://127.0.0.1:{port}/",
        "http://127.0.0.1",
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            refused = device.ask("/visit", method, b"outcome=met", Cookie=cookie, Origin=origin)
            assert refused.status == 403, (origin, method)
    assert device.saved == []
    own = {"Origin": device.door.origin, "Content_Type": "application/x-www-form-urlencoded"}
    assert device.ask("/visit", "POST", b"outcome=met", Cookie=cookie, **own).status == 200
    assert device.saved == ["met"]


@pytest.mark.proves("T20")
def test_another_origin_may_not_even_read(device: GuardedApp) -> None:
    assert device.ask(Cookie=device.cookie(), Origin="http://evil.example").status == 403


@pytest.mark.proves("T23")
def test_the_cookie_of_another_launch_or_port_opens_nothing(device: GuardedApp) -> None:
    other = GuardedApp()
    stolen = other.cookie()
    other.stop()
    own = device.cookie()
    name = own.partition("=")[0]
    for cookie in (None, stolen, f"{name}={stolen.partition('=')[2]}", f"{name}=", f"{name}=é"):
        answer = device.ask(Cookie=cookie)
        assert answer.status == 401, cookie
        assert b"Adebayo" not in answer.content  # type: ignore[attr-defined]
    assert device.ask(Cookie=f"{stolen}; {own}").status == 200


@pytest.mark.proves("T25")
def test_every_answer_carries_every_header(device: GuardedApp) -> None:
    cookie = device.cookie()
    answers = {
        200: device.ask(Cookie=cookie),
        401: device.ask(),
        403: device.ask("/visit", "POST", Cookie=cookie),
        404: device.ask("/nothing", Cookie=cookie),
        405: device.ask("/", "DELETE", Cookie=cookie, Origin=device.door.origin),
        421: device.ask(Host="evil.example"),
        500: device.ask("/fault", Cookie=cookie),
    }
    for status, answer in answers.items():
        assert answer.status == status
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["Server"] is None


@pytest.mark.proves("T04")
def test_our_own_fault_is_a_plain_page_with_an_id(
    device: GuardedApp, caplog: pytest.LogCaptureFixture
) -> None:
    page = device.ask("/fault", Cookie=device.cookie()).content.decode()  # type: ignore[attr-defined]
    assert "Adebayo" not in page + caplog.text
    incident = caplog.text.partition("incident ")[2][:8]
    assert len(incident) == 8
    assert incident in page


def test_more_than_the_limit_is_refused_with_a_page(device: GuardedApp) -> None:
    cookie, origin = device.cookie(), device.door.origin
    for length in (BODY_BYTES_MAX + 1, BODY_BYTES_MAX * 4):
        answer = device.ask("/visit", "POST", bytes(length), Cookie=cookie, Origin=origin)
        assert answer.status == 413
        assert b"too large" in answer.content  # type: ignore[attr-defined]
    assert device.saved == []


def test_a_photograph_on_its_way_in_is_never_in_a_temporary_file(device: GuardedApp) -> None:
    photograph, before = secrets.token_bytes(2_000_000), open_files()
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="photograph"; filename="a.jpg"\r\n\r\n'
        + photograph
        + b"\r\n--edge--\r\n"
    )
    answer = device.ask(
        "/visit", "POST", body,
        Cookie=device.cookie(), Origin=device.door.origin,
        Content_Type="multipart/form-data; boundary=edge",
    )  # fmt: skip
    assert answer.status == 200
    assert device.saved == ["", str(len(photograph))]
    assert device.open_files
    assert not [file for file in set(device.open_files) - set(before) if "tmp" in file]


def test_a_server_that_stops_listening_still_answers_what_it_has_in_hand(
    device: GuardedApp,
) -> None:
    cookie = device.cookie()
    assert device.ask("/last", Cookie=cookie).status == 200
    with pytest.raises(ConnectionRefusedError):
        device.ask(Cookie=cookie)


def test_a_real_browser_is_let_in_and_its_own_form_is_saved(
    device: GuardedApp, page_at: PageAt
) -> None:
    page = page_at(may_say=("status of 404",))  # the built style sheet is not always there
    page.goto(device.door.boot_address())
    page.wait_for_url(f"{device.door.origin}/")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/visit")
    assert device.saved == ["met"]


def test_a_real_browser_goes_on_from_one_port_to_the_next(
    device: GuardedApp, page_at: PageAt
) -> None:
    """As the unlock page does: another port is another origin, and another site's cookie jar."""
    lock_page = GuardedApp()
    lock_page.leads_to = device.door.boot_address()
    page = page_at(may_say=("status of 404",))
    page.goto(lock_page.door.boot_address())
    page.wait_for_url(f"{lock_page.door.origin}/")
    page.goto(f"{lock_page.door.origin}/unlock")
    page.wait_for_url(f"{device.door.origin}/")
    assert page.get_by_role("heading", name="Mrs Adebayo").is_visible()
    lock_page.stop()
