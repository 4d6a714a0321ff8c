// Comfort: shows what is found while one types. Without it, the button does.
const WAIT = 120;
const form = document.querySelector("form[data-search]");
const place = form && document.getElementById(form.dataset.search);
let [waiting, latest] = [null, 0];

async function look() {
  latest += 1;
  const mine = latest;
  const asked = new URLSearchParams(new FormData(form));
  asked.set("part", "1");
  const answer = await fetch(`${form.action}?${asked}`);
  const text = await answer.text();
  if (!answer.ok || mine !== latest) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  place.replaceChildren(...fresh.body.childNodes);
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, WAIT);
});
