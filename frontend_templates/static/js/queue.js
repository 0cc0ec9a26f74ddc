// Keyboard shortcuts of the coordinator's queues. Everything they do can be done without them; they can be turned off.
"use strict";

(() => {
  const region = document.querySelector("[data-keys]");
  if (!region) return;
  const STORE = "praktiknavet.keys";
  const toggle = region.querySelector("[data-keys-toggle]");
  const help = region.querySelector("[popover]");
  const rows = [...document.querySelectorAll("[data-row]")];

  /** The browser may forbid to store anything: then the choice holds for this page. */
  const remembered = () => {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch {
      return true;
    }
  };
  let on = remembered();
  toggle.checked = on;
  toggle.addEventListener("change", () => {
    on = toggle.checked;
    try {
      localStorage.setItem(STORE, on ? "on" : "off");
    } catch {
      // It holds for this page.
    }
  });
  region.hidden = false;

  const isWriting = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio])");

  const currentRow = () => rows.findIndex((row) => row.contains(document.activeElement));
  const goTo = (step) => {
    const now = currentRow();
    const next = now < 0 ? 0 : Math.min(Math.max(now + step, 0), rows.length - 1);
    rows[next].querySelector("th a").focus();
    rows[next].scrollIntoView({ block: "nearest" });
  };
  const boxOf = (row) => row?.querySelector("input[type=checkbox]:not(:disabled)");

  /** Presses what carries the key; a folded part is opened and its first field takes the focus. */
  const press = (key) => {
    const target = document.querySelector(`[data-key="${key}"]`);
    if (!target) return;
    if (target.matches("details")) {
      target.open = true;
      target.querySelector("textarea, input:not([type=hidden])").focus();
    } else target.click();
  };

  /** Without any ticked row the key means the row one is in. */
  const decide = (key) => {
    if (rows.length && !rows.some((row) => boxOf(row)?.checked)) {
      const box = boxOf(rows[currentRow()]);
      if (!box) return;
      box.checked = true;
    }
    press(key);
  };

  const actions = {
    j: () => (rows.length ? goTo(1) : press("j")),
    k: () => (rows.length ? goTo(-1) : press("k")),
    x: () => boxOf(rows[currentRow()])?.click(),
    a: () => decide("a"),
    r: () => decide("r"),
    u: () => press("u"),
    "?": () => help.togglePopover(),
  };

  document.addEventListener("keydown", (event) => {
    if (!on || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isWriting(event.target) || (help.matches(":popover-open") && event.key !== "?")) return;
    const action = Object.hasOwn(actions, event.key) && actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
})();
