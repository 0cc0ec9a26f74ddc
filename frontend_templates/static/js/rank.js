// Dragging wishes into order. The buttons beside each wish do the same without this file.
"use strict";

(() => {
  let dragged = null;

  const listOf = (event) => event.target.closest("[data-rank-list]");

  document.addEventListener("dragstart", (event) => {
    const row = event.target.closest("[data-rank-id]");
    if (!row || !listOf(event)) return;
    dragged = row;
    event.dataTransfer.effectAllowed = "move";
    row.classList.add("dragged");
  });

  document.addEventListener("dragover", (event) => {
    const list = listOf(event);
    const over = event.target.closest("[data-rank-id]");
    if (!dragged || !list || !over || over === dragged) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });

  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    const form = dragged.closest("form[data-rank]");
    dragged = null;
    const rows = form.querySelectorAll("[data-rank-id]");
    form.elements.order.value = Array.from(rows, (row) => row.dataset.rankId).join(",");
    form.requestSubmit();
  });
})();
