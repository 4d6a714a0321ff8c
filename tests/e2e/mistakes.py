"""Sends each form of a program blank and with nonsense in it, and looks at the page that comes back."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import FilePayload, Page, Response

from tests.e2e.crawl import Crawl, path_of, words_of

NEVER_SENT = ("/sign-out", "/lock")
"""Ends of addresses whose forms would end the walk."""

NONSENSE = "'); <b>31/31/2031</b> -1e9 " + "Llanfairpwllgwyngyll" * 4
"""Typed into each box: markup, a day and a sum that are none, and a word too long for any line."""

NONSENSE_FILE: FilePayload = {
    "name": "nonsense.csv",
    "mimeType": "text/csv",
    "buffer": b'\x00\xff;;;\n"',
}
"""Given wherever a file is asked for."""

BOXES = "input:not([type=hidden]):not([type=submit]), select, textarea"

_FORMS = f"""() => [...document.querySelectorAll("main form[method=post]")].map((form, index) => ({{
  index,
  action: new URL(form.action).pathname,
  boxes: form.querySelectorAll({BOXES!r}).length,
}}))"""

_FILL = f"""([index, nonsense]) => {{
  const form = document.querySelectorAll("main form[method=post]")[index];
  for (const box of form.querySelectorAll({BOXES!r})) {{
    if (box.type === "radio" || box.type === "checkbox") {{
      box.checked = Boolean(nonsense);
      if (nonsense) box.value = "nonsense";
    }} else if (box.tagName === "SELECT") {{
      if (nonsense) box.add(new Option("nonsense", "nonsense"));
      box.value = nonsense ? "nonsense" : "";
    }} else if (box.type !== "file") {{
      box.value = nonsense ? (box.type === "number" ? "-1" : nonsense) : "";
    }}
  }}
}}"""

_SEND = """index => {
  const form = document.querySelectorAll("main form[method=post]")[index];
  const buttons = [...form.querySelectorAll("button:not([type=button])")];
  const seen = buttons.filter(each => !each.classList.contains("govuk-visually-hidden"));
  form.requestSubmit(seen.find(each => each.value === "save") ?? seen[0]);
}"""

_TYPED = """() => [...document.querySelectorAll("main form[method=post]")].map(form => ({
  action: new URL(form.action).pathname,
  typed: [...form.querySelectorAll("input, textarea")]
    .filter(box => ["text", "search", "tel", "email", "textarea"].includes(box.type))
    .filter(box => !box.classList.contains("govuk-js-password-input-input"))
    .map(box => [box.name, box.value]),
}))"""

_IS_WRONG = "document.querySelector('.govuk-error-summary') !== null"


def try_forms(crawl: Crawl, nonsense: str = NONSENSE) -> None:
    """Send the forms of one page of each kind the crawl has met, in error.

    A form without a box is a button: it would do what it says, so it is left alone.
    """
    for address in list(crawl.forms.values()):
        try_forms_of(crawl, address, nonsense)


def try_forms_of(crawl: Crawl, address: str, nonsense: str = NONSENSE) -> None:
    """Send the forms of one page in error."""
    for form in _forms(crawl, address):
        _try_form(crawl, address, form, "blank", "")
        _try_form(crawl, address, form, "nonsense", nonsense)


def _forms(crawl: Crawl, address: str) -> list[dict[str, Any]]:
    if crawl.open(address) is None:
        return []
    found: list[dict[str, Any]] = crawl.page.evaluate(_FORMS)
    return [f for f in found if f["boxes"] and not f["action"].endswith(NEVER_SENT)]


def _try_form(crawl: Crawl, address: str, form: dict[str, Any], how: str, nonsense: str) -> None:
    """Send one form one way; what comes back must be a page, and keep what was typed."""
    if crawl.open(address) is None:
        return
    page = crawl.page
    if not any(f["index"] == form["index"] for f in page.evaluate(_FORMS)):
        return  # what was asked has been done: the form is not there any more
    page.evaluate(_FILL, [form["index"], nonsense])
    for box in (
        page.locator("main form[method=post]").nth(form["index"]).locator("[type=file]").all()
    ):
        box.set_input_files([NONSENSE_FILE] if nonsense else [])
    response = _send(page, form["index"])
    place = f"{path_of(address)} sent {how} to {form['action']}"
    if response is None or response.status >= 500 or response.status in {403, 404, 405}:
        crawl.report(place, [f"answers with {response.status if response else 'nothing'}"])
        return
    name = words_of(f"{form['action']}-{how}")
    crawl.judge(place, response.text(), name, refused=True)
    if nonsense and page.evaluate(_IS_WRONG):
        crawl.report(place, _forgotten(page, form["action"], nonsense))


def _send(page: Page, index: int) -> Response | None:
    with page.expect_navigation(wait_until="load") as going:
        page.evaluate(_SEND, index)
    return going.value


def _forgotten(page: Page, action: str, nonsense: str) -> list[str]:
    """List the boxes that do not show what was typed, which a page of errors always must."""
    shown = [each for each in page.evaluate(_TYPED) if each["action"] == action]
    return [
        f"the box {name!r} forgot what was typed"
        for form in shown[:1]
        for name, value in form["typed"]
        if value != nonsense and name
    ]
