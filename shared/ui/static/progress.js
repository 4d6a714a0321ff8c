// Comfort: shows a sync's progress as it goes. Without it, a link shows it again.
const NEXT = 700;
const place = document.querySelector("[data-progress]");

async function show() {
  const page = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const part = fresh.querySelector("[data-progress]");
  if (!part) return location.reload();  // there is nothing to wait for any more
  place.replaceChildren(...part.childNodes);
  document.querySelector(".app-status")?.replaceWith(fresh.querySelector(".app-status"));
  return undefined;
}

async function look() {
  try {
    const now = await (await fetch(place.dataset.progress)).json();
    if (now.running || place.dataset.running === "yes" || now.ended !== place.dataset.ended) {
      await show();
      place.dataset.running = now.running ? "yes" : "no";
      place.dataset.ended = now.ended;
    }
  } catch {
    // The device has locked, or this page has been left: there is nobody to ask.
  } finally {
    setTimeout(look, NEXT);
  }
}

if (place) setTimeout(look, NEXT);
