"""Pages of other sites, in a real browser that has the officer's cookie, read nothing and save nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route

from field_client.loopback import LoopbackServer
from tests.browser import FLAGS, WAIT_MS, find_chromium
from tests.field_client.guarded_app import NAME, GuardedApp

pytestmark = [pytest.mark.enable_socket, pytest.mark.proves("T20")]

REBOUND = "evil.test"
"""A name that somebody else's server answered for a moment ago, and that now leads to this machine."""

RESOLVING = (
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1, MAP * ~NOTFOUND, "
    "EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE 0.0.0.0, EXCLUDE [::1]"
)

TOOLS = """
const read = [];
const keep = text => read.push(String(text));
const fetched = (address, options) =>
    fetch(address, {credentials: "include", ...options}).then(r => r.text()).then(keep);
const element = (tag, source, more) => new Promise(done => {
    const made = Object.assign(document.createElement(tag), {onload: done, onerror: done, ...more});
    made.src = source;
    document.body.append(made);
});
const frame = source => element("iframe", source).then(() => {
    const framed = document.querySelector("iframe");
    keep(framed.contentDocument ? framed.contentDocument.body.innerText : "not readable");
});
const posted = (address, enctype) => new Promise(done => {
    const target = document.createElement("iframe");
    target.name = "answer";
    document.body.append(target);
    const form = Object.assign(document.createElement("form"),
        {method: "post", action: address, enctype, target: "answer"});
    form.append(Object.assign(document.createElement("input"), {name: "outcome", value: "stolen"}));
    document.body.append(form);
    target.onload = done;
    form.submit();
});
const socket = address => new Promise(done => {
    const opened = new WebSocket(address);
    opened.onmessage = message => keep(message.data);
    opened.onopen = opened.onerror = done;
});
const asked = address => new Promise(done => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.withCredentials = true;
    request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    request.onloadend = () => { keep(request.responseText); done(); };
    request.send("outcome=stolen");
});
const everything = device => [
    fetched(device + "/"),
    fetched(device + "/", {mode: "no-cors"}),
    fetched(device + "/visit", {method: "POST", mode: "no-cors", body: "outcome=stolen",
        headers: {"Content-Type": "application/x-www-form-urlencoded"}}),
    posted(device + "/visit", "application/x-www-form-urlencoded"),
];
const attack = tries => Promise.race([
    Promise.allSettled(tries), new Promise(done => setTimeout(done, 5000)),
]).then(() => { document.body.dataset.read = JSON.stringify(read); document.title = "done"; });
"""

IN_A_FRAME_WITHOUT_ORIGIN = """
const inside = document.createElement("iframe");
inside.sandbox = "allow-scripts allow-forms";
inside.srcdoc = "<body><script>" + tools + "attack(everything('" + device + "')).then(() =>"
    + " parent.postMessage(read, '*'))</" + "script>";
attack([new Promise(done => {
    window.onmessage = message => { message.data.forEach(keep); done(); };
    document.body.append(inside);
})]);
"""

ATTACKS = {
    "a fetch with its credentials": ("127.0.0.1", 'attack(everything(device))'),
    "a form that pretends to be plain text": (
        "127.0.0.1", 'attack([posted(device + "/visit", "text/plain")])',
    ),
    "an image": ("127.0.0.1", 'attack([element("img", device + "/")])'),
    "a frame": ("127.0.0.1", 'attack([frame(device + "/")])'),
    "a script": ("127.0.0.1", 'attack([element("script", device + "/")])'),
    "a web socket": ("127.0.0.1", 'attack([socket(device.replace("http", "ws") + "/")])'),
    "a name that leads here since a moment ago": (REBOUND, 'attack(everything(""))'),
    "a program on another port": (
        "127.0.0.1",
        'attack([asked(device + "/visit"), posted(device + "/visit", "multipart/form-data")])',
    ),
    "a frame without an origin": ("127.0.0.1", IN_A_FRAME_WITHOUT_ORIGIN),
    "the address 0.0.0.0": ("0.0.0.0", "attack(everything(device))"),  # noqa: S104 - called, not listened on
    "the address [::1]": ("[::1]", "attack(everything(device))"),
    "the name localhost": ("localhost", "attack(everything(device))"),
}  # fmt: skip
"""By what each tries: the host it calls the device by, and what its page runs."""


@pytest.fixture
def device() -> Iterator[GuardedApp]:
    """Give a guarded app with a name on its page."""
    made = GuardedApp()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def rebinding(chromium: Browser) -> Iterator[Browser]:
    """Give a browser for which a name of somebody else's leads to this machine."""
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    flags = [flag for flag in FLAGS if not flag.startswith("--host-resolver-rules")]
    browser = chromium.browser_type.launch(
        executable_path=find_chromium(), headless=True, args=[*flags, RESOLVING, *unboxed]
    )
    yield browser
    browser.close()


@pytest.fixture
def officers(rebinding: Browser, device: GuardedApp) -> Iterator[BrowserContext]:
    """Give a profile in which the officer has just opened the device, and so has its cookie."""
    context = rebinding.new_context()
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.goto(device.door.boot_address())
    page.wait_for_url(f"{device.door.origin}/")
    yield context
    context.close()


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_page_of_another_site_reads_or_saves_anything(
    officers: BrowserContext, device: GuardedApp, attack: str
) -> None:
    host, script = ATTACKS[attack]
    target = f"http://{host}:{device.server.port}"
    html = (
        "<!doctype html><title>Attack</title><body><script>"
        f"const device = {json.dumps(target)}, tools = {json.dumps(TOOLS)};{TOOLS}{script}</script>"
    )
    shown = device.shown
    assert shown, "the officer's own page is what there is to steal"
    page = officers.new_page()
    if host == REBOUND:
        _serve_before_rebinding(page, f"{target}/", html)
        page.goto(f"{target}/")
        read = _what_was_read(page)
    else:
        attacker = _attacker(html)
        page.goto(f"http://127.0.0.1:{attacker.port}/")
        read = _what_was_read(page)
        attacker.stop(grace_seconds=1)
    assert not [text for text in read if NAME in text]
    assert device.shown == shown
    assert device.saved == []
    page.goto(device.door.origin)
    assert page.get_by_role("heading", name=NAME).is_visible(), "the officer is still let in"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_form_of_another_site_that_somebody_presses_saves_nothing(
    officers: BrowserContext, device: GuardedApp, kind: str
) -> None:
    attacker = _attacker(
        f'<!doctype html><title>Win a tablet</title><form method=post enctype="{kind}" '
        f'action="{device.door.origin}/visit"><button name=outcome value=stolen>Go</button></form>'
    )
    page = officers.new_page()
    page.goto(f"http://127.0.0.1:{attacker.port}/")
    page.get_by_role("button").click()
    page.wait_for_url("**/visit")
    assert "This did not come from Fieldfare" in page.content()
    assert device.saved == []
    attacker.stop(grace_seconds=1)


def _attacker(html: str) -> LoopbackServer:
    app = Flask("attacker")
    app.add_url_rule("/", view_func=lambda: html)
    server = LoopbackServer(app)
    server.start()
    return server


def _serve_before_rebinding(page: Page, address: str, html: str) -> None:
    """Answer the first request for the attacker's name as its own server would, and no other."""

    def answer(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html")

    page.route(address, answer, times=1)


def _what_was_read(page: Page) -> list[str]:
    page.wait_for_function("document.title === 'done'")
    return list(json.loads(page.evaluate("document.body.dataset.read")))
