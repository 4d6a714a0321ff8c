// Comfort: keeps what is typed into a form with data-draft, within half a second and on leaving a field.
// Without it, "Keep this and come back" does the same.
const WAIT = 400;

function keeper(form) {
  const said = document.getElementById(form.dataset.said);
  let [turn, waiting, changed, inHand] = [0, null, false, null];

  const values = () => {
    const sent = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrf_token") sent.append(name, value);
    }
    turn += 1;
    sent.set("turn", turn);
    return sent;
  };

  const send = () => {
    changed = false;
    return fetch(form.dataset.draft, { method: "POST", body: values(), keepalive: true })
      .then((answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        said.textContent = form.dataset.kept;
      })
      .catch(() => {
        changed = true;
        said.textContent = form.dataset.notKept;
        later();
      });
  };

  // One at a time, and whatever was typed meanwhile goes next.
  const keep = () => {
    clearTimeout(waiting);
    waiting = null;
    if (!changed) return inHand ?? Promise.resolve();
    inHand = (inHand ?? Promise.resolve()).then(send).finally(() => { inHand = null; });
    return inHand;
  };

  const later = () => { waiting ??= setTimeout(keep, WAIT); };

  form.addEventListener("input", () => { changed = true; later(); });
  form.addEventListener("change", () => { changed = true; keep(); });
  form.addEventListener("focusout", keep);
  form.addEventListener("submit", () => { clearTimeout(waiting); changed = false; });
  addEventListener("pagehide", () => { if (changed) send(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden && changed) send(); });
  return keep;
}

const keeps = [...document.querySelectorAll("form[data-draft]")].map(keeper);

// Locking waits for what was typed last, for a moment at most.
document.querySelector(".app-device-top__lock")?.addEventListener("submit", (event) => {
  const lock = event.currentTarget;
  event.preventDefault();
  const moment = new Promise((done) => { setTimeout(done, 1000); });
  Promise.race([Promise.all(keeps.map((keep) => keep())), moment]).finally(() => lock.submit());
});

// Coming back with the browser's own button shows what stood here then; ask for what is kept now.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
