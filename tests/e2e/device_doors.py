"""What an officer does at doors in the walk through a device: a visit, nobody there, and half of one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from tests.e2e.crawl import Crawl
from tests.e2e.studio import Story, press
from tests.field_client.vault.pictures import jpeg


@dataclass
class Doors:
    """What is done at doors: at one with a warning, and at one without."""

    flagged: str
    plain: str

    def stories(self) -> tuple[Story, ...]:
        """Give them in the order of a day."""
        return (self.read_the_risk, self.visit_with_a_photograph, self.no_answer, self.unfinished)

    def read_the_risk(self, crawl: Crawl) -> None:
        """Read about the risk before anything else, as the device asks."""
        crawl.open(f"{crawl.base}{self.flagged}")
        press(crawl, crawl.page.get_by_role("button", name="I have read this"), "case-risk-read")
        crawl.look(f"{crawl.base}{self.flagged}/visit")
        crawl.look(f"{crawl.base}{self.flagged}/no-answer")

    def visit_with_a_photograph(self, crawl: Crawl) -> None:
        """Record a visit with people met, a phone number and a photograph."""
        page = crawl.page
        crawl.open(f"{crawl.base}{self.plain}/visit")
        page.get_by_label("Spoke to the person").check()
        page.locator("[name=met_person_ids]").first.check()
        page.get_by_label("Notes").fill("They lost their job in June and will ring on Friday.")
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        page.locator("[name=purpose]").first.check()
        page.locator("[type=file]").set_input_files(
            {"name": "door.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        )
        button = page.get_by_role("button", name="Add this photograph")
        press(crawl, button, "visit-with-photograph")
        press(crawl, page.get_by_role("button", name="Save visit"), "visit-saved")
        for name in ("outbox", "today"):
            crawl.look(f"{crawl.base}/{name}?waiting")

    def no_answer(self, crawl: Crawl) -> None:
        """Say in three taps that nobody answered."""
        page = crawl.page
        crawl.open(f"{crawl.base}{self.plain}")
        press(crawl, page.get_by_role("button", name="No answer"), "no-answer")
        press(crawl, page.get_by_role("button", name="Save", exact=True), "no-answer-saved")

    def unfinished(self, crawl: Crawl) -> None:
        """Leave a visit unfinished, come back to it, and be asked before it is thrown away."""
        page = crawl.page
        crawl.open(f"{crawl.base}{self.plain}/visit")
        page.get_by_label("Notes").fill("A dog barked, then")
        press(crawl, page.get_by_role("button", name="Keep this and come back"), "visit-kept")
        crawl.look(f"{crawl.base}/today?unfinished")
        crawl.look(f"{crawl.base}{self.plain}/visit")
        link = page.get_by_role("link", name="Throw this unfinished visit away")
        crawl.look(urljoin(crawl.base, link.get_attribute("href") or ""))
