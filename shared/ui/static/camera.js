// Comfort: the page's own camera view, so that no camera app keeps a copy of a photograph.
// Where a window has no camera for pages, the file field below it stays the way.
const WANTED = { audio: false, video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1440 } } };

function camera(place) {
  const part = (name) => place.querySelector(`[data-${name}]`);
  const [open, view, take, close, said] = ["open", "view", "take", "close", "said"].map(part);
  const video = place.querySelector("video");
  const form = document.getElementById(place.dataset.form);

  const tell = (sentence) => { said.textContent = sentence; said.hidden = !sentence; };

  const stop = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    view.hidden = true;
    open.hidden = false;
  };

  const start = async () => {
    tell("");
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia(WANTED);
      await video.play();
      open.hidden = true;
      view.hidden = false;
      take.focus();
    } catch {
      stop();
      tell(place.dataset.noCamera);
    }
  };

  const picture = () => new Promise((done) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(done, "image/jpeg", 0.92);
  });

  const keep = async () => {
    take.disabled = true;
    const sent = new FormData(form);
    sent.set("photograph", await picture(), "camera.jpg");
    try {
      const answer = await fetch(place.dataset.camera, { method: "POST", body: sent });
      if (answer.ok) {
        stop();
        location.replace(`/cases/${sent.get("case_id")}/visit?at=${Date.now()}#photographs`);
        return;
      }
      tell(answer.status === 422 ? (await answer.json()).sentence : place.dataset.refused);
    } catch {
      tell(place.dataset.refused);
    }
    take.disabled = false;
  };

  open.addEventListener("click", start);
  take.addEventListener("click", keep);
  close.addEventListener("click", () => { stop(); open.focus(); });
  addEventListener("pagehide", stop);
  place.hidden = false;
}

if (navigator.mediaDevices?.getUserMedia) document.querySelectorAll("[data-camera]").forEach(camera);
