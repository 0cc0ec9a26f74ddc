// Dragging wishes into order, by mouse anywhere on a row and by finger at its handle; and where the focus goes when a list has
// been drawn anew. The buttons beside each wish do the same without this file.
"use strict";

(() => {
  const EDGE = 72; // Nearer than this to the edge of the window the page follows the finger.
  let drag = null;

  const rowsOf = (list) => Array.from(list.querySelectorAll("[data-rank-id]"));
  const orderOf = (list) => rowsOf(list).map((row) => row.dataset.rankId).join(",");

  document.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("[data-rank-list] > [data-rank-id]");
    if (!row || drag || event.button !== 0 || event.target.closest("a, button")) return;
    if (event.pointerType !== "mouse" && !event.target.closest("[data-grip]")) return;
    const list = row.parentElement;
    event.preventDefault();
    drag = { row, list, pointer: event.pointerId, before: orderOf(list), from: rowsOf(list), startY: event.clientY, moving: false };
    row.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (!drag.moving && Math.abs(event.clientY - drag.startY) < 5) return;
    drag.moving = true;
    drag.row.classList.add("dragged");
    if (event.clientY < EDGE) scrollBy(0, -12);
    else if (event.clientY > innerHeight - EDGE) scrollBy(0, 12);
    for (const other of rowsOf(drag.list)) {
      const box = other.getBoundingClientRect();
      if (other === drag.row || event.clientY < box.top || event.clientY > box.bottom) continue;
      // Only past the middle, or a row taller than the dragged one would jump to and fro.
      const isBelow = other.compareDocumentPosition(drag.row) & Node.DOCUMENT_POSITION_PRECEDING;
      const middle = box.top + box.height / 2;
      if (isBelow && event.clientY > middle) other.after(drag.row);
      else if (!isBelow && event.clientY < middle) other.before(drag.row);
    }
  });

  const drop = (keep) => {
    const { row, list, from, before } = drag;
    drag = null;
    row.classList.remove("dragged");
    if (!keep) list.append(...from);
    const form = list.closest("form[data-rank]");
    if (orderOf(list) === before || !form) return;
    form.elements.order.value = orderOf(list);
    form.requestSubmit();
  };
  document.addEventListener("pointerup", (event) => {
    if (drag && event.pointerId === drag.pointer) drop(true);
  });
  document.addEventListener("pointercancel", (event) => {
    if (drag && event.pointerId === drag.pointer) drop(false);
  });
  document.addEventListener("keydown", (event) => {
    if (drag && event.key === "Escape") drop(false);
  });

  // One press after the other: those made while the answer to the first is on its way wait for the list as it is drawn anew.
  const SAME_SPOT = 12;
  const DOUBLE_CLICK = 500;
  let drawnAt = -Infinity;
  const waiting = [];
  let busy = false;
  let last = { id: "", x: 0, y: 0 };
  let pointer = { x: -1, y: -1, at: -Infinity };
  let afterwards = [];

  document.addEventListener("pointerdown", (event) => {
    pointer = { x: event.clientX, y: event.clientY, at: event.timeStamp };
  }, true);

  /** The second half of a double click can meet the button of another row that has moved under the pointer. */
  const isSecondHalf = (id, now) =>
    id !== last.id && now - drawnAt < DOUBLE_CLICK && now - pointer.at < DOUBLE_CLICK &&
    Math.hypot(pointer.x - last.x, pointer.y - last.y) < SAME_SPOT;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-rank]")) return;
    const id = event.submitter?.id ?? "";
    const refuse = () => {
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    if (id && isSecondHalf(id, event.timeStamp)) return refuse();
    if (busy) {
      waiting.push(id);
      return refuse();
    }
    busy = true;
    if (!id) return;
    last = { id, x: pointer.x, y: pointer.y };
    const [verb, pk] = id.split("-");
    const alike = Array.from(form.querySelectorAll(`button[id^="${verb}-"]`));
    const at = alike.indexOf(event.submitter);
    // Where the focus goes when the button is gone, or of no use at the end of the list.
    const opposite = { up: `down-${pk}`, down: `up-${pk}` }[verb];
    afterwards = [id, opposite, (alike[at + 1] ?? alike[at - 1])?.id, verb === "add" ? "places" : "mine"];
  }, true);

  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.target.matches?.("form[data-rank]")) return;
    busy = false;
    drawnAt = event.timeStamp;
    const found = afterwards.map((id) => id && document.getElementById(id)).find((place) => place && !place.disabled);
    afterwards = [];
    found?.focus({ preventScroll: true });
    while (!busy && waiting.length) document.getElementById(waiting.shift())?.click();
  });

  const answered = (isAnswered) => {
    const alarm = document.querySelector("[data-no-answer]");
    if (alarm) alarm.hidden = isAnswered;
  };
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      if (!event.target.matches?.("form[data-rank]")) return;
      busy = false;
      waiting.length = 0;
      answered(false);
    });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) answered(true);
  });
})();
