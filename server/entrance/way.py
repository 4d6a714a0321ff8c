"""What the pages of the entrance share: the office's provider, the cookie of an asking, the way back."""

from __future__ import annotations

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.access.identity import cookie_name
from server.entrance import errands
from server.entrance.errands import Asking, Errand
from server.entrance.provider import Provider
from server.entrance.sealing import Sealer
from server.spine import clock
from server.spine.database import db
from server.spine.execute import Door
from shared.catalogue import mark
from shared.errors import REFUSALS, register

register(
    {
        "entrance.used": mark("This sign-in was used already or took too long: begin again"),
        "entrance.other_browser": mark("This sign-in was begun in another browser: begin again"),
        "entrance.declined": mark("Your council account was not confirmed: try again"),
        "entrance.untrusted": mark(
            "The answer of the sign-in service could not be trusted, so nobody was let in:"
            " tell whoever looks after this office"
        ),
        "entrance.unreachable": mark(
            "The sign-in service of your council cannot be reached: try again in a minute"
        ),
        "entrance.too_many": mark("Too many sign-ins at once: wait five minutes, then try again"),
        "entrance.other_person": mark("You signed in as somebody else: use your own account"),
        "entrance.not_again": mark(
            "The sign-in service did not ask again who you are: try once more,"
            " and tell whoever looks after this office if it goes on"
        ),
    }
)


def provider() -> Provider | None:
    """Give the provider this office trusts, if it trusts one."""
    found: Provider | None = current_app.extensions["fieldfare"]["provider"]
    return found


def sealer() -> Sealer:
    """Give what seals errands and tokens."""
    found: Sealer = current_app.extensions["fieldfare"]["sealer"]
    return found


def door() -> Door:
    """Give the one door for every write."""
    found: Door = current_app.extensions["fieldfare"]["door"]
    return found


def asking_cookie() -> str:
    """Name the cookie that a browser has while it is at the provider."""
    return f"{cookie_name()}_asking"


def send_to_provider(errand: Errand, asked: Provider, *, again: bool, is_new: bool) -> Response:
    """Send a browser to the provider on an errand; raises what the provider raises.

    It goes by a page that leads on by itself: a redirect of a form's answer is stopped by the browser
    as soon as the provider itself leads to another host.
    """
    now = clock.now()
    with db.session.session_factory() as session, session.begin():
        if is_new:
            errands.begin(session, sealer(), errand, now)
        asking: Asking = errands.ask(session, sealer(), errand, now)
    url = asked.address_to_ask(
        state=asking.state,
        nonce=asking.errand.nonce,
        verifier=asking.errand.verifier,
        again=again,
        now=now,
    )
    page = render_template("entrance/going.html", url=url, name=asked.settings.name)
    answer: Response = make_response(page)
    answer.headers["Refresh"] = f"0; url={url}"
    answer.set_cookie(
        asking_cookie(),
        asking.browser,
        max_age=errands.ASKING_MAX,
        path="/",
        secure=cookie_name().startswith("__Host-"),
        httponly=True,
        samesite="Lax",
    )
    return answer


def browser_secret() -> str:
    """Read what this browser was given when it went to the provider."""
    return request.cookies.get(asking_cookie(), "")


def lead_on(errand: Errand) -> Response:
    """Lead to what somebody was doing: their form, given back, or the page they wanted."""
    if errand.form is not None and errand.path:
        return redirect(url_for("proof.go_on", errand_id=errand.errand_id), code=303)
    with db.session.session_factory() as session, session.begin():
        errands.forget(session, errand)
    return redirect(errand.path or url_for("access.first_page"), code=303)


def refuse(code: str, status: int, errand: Errand | None = None) -> tuple[str, int]:
    """Say in one sentence why nobody came in; what they were doing is there to try again with."""
    return render_template("entrance/refused.html", sentence=REFUSALS[code], errand=errand), status
