// Dragging a student onto a place leads to the page that asks before anything changes. The button there does the same.
"use strict";

(() => {
  let target = null;

  document.addEventListener("dragstart", (event) => {
    const row = event.target.closest("[data-move]");
    if (!row) return;
    target = row.dataset.move;
    event.dataTransfer.effectAllowed = "move";
  });

  document.addEventListener("dragover", (event) => {
    const place = event.target.closest("[data-drop]");
    if (!target || !place) return;
    event.preventDefault();
    place.classList.add("over");
  });

  document.addEventListener("dragleave", (event) => {
    event.target.closest?.("[data-drop]")?.classList.remove("over");
  });

  document.addEventListener("drop", (event) => {
    const place = event.target.closest("[data-drop]");
    if (!target || !place) return;
    event.preventDefault();
    location.assign(`${target}?seat=${encodeURIComponent(place.dataset.drop)}`);
  });

  document.addEventListener("dragend", () => {
    target = null;
  });
})();
