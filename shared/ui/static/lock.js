// Control and L on a keyboard: what is shown goes at once, and the device locks as by its button.
const lock = document.querySelector(".app-device-top__lock");

addEventListener("keydown", (event) => {
  if (!lock || !event.ctrlKey || event.altKey || event.key.toLowerCase() !== "l") return;
  event.preventDefault();
  document.body.style.display = "none";
  lock.requestSubmit();
});
