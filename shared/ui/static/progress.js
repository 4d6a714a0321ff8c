// Comfort only: the page's own link shows the same. Moves the bar of a job on while it is watched.
const SECONDS_BETWEEN = 2;

const place = document.querySelector("[data-progress]");

async function look() {
  if (document.hidden || !(await moved())) setTimeout(look, SECONDS_BETWEEN * 1000);
}

async function moved() {
  let job;
  try {
    const answer = await fetch(place.dataset.progress, { redirect: "error" });
    if (!answer.ok) return false;
    job = await answer.json();
  } catch {
    return false;
  }
  if (job.ended) {
    location.reload();
    return true;
  }
  const bar = place.querySelector("progress");
  bar.max = job.total || 1;
  bar.value = job.done;
  place.querySelector(".app-progress__text").textContent = job.text;
  return false;
}

if (place) setTimeout(look, SECONDS_BETWEEN * 1000);
