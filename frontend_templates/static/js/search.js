// Comforts of the search page: the own position, and the filter sheet of the phone that stays open while its list changes.
"use strict";

/** data-near on a button: asks for the position and searches around it. The address gets it rounded to about 1 km. */
for (const button of document.querySelectorAll("[data-near]")) {
  if (!("geolocation" in navigator)) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const { form } = button;
    button.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.near.value = `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
        form.elements.where.value = "";
        form.submit();
      },
      () => {
        button.removeAttribute("aria-busy");
        button.textContent = button.dataset.nearFailed;
        button.disabled = true;
      },
      { maximumAge: 600000, timeout: 10000 },
    );
  });
}

/** What is empty is left out of the address, so that it can be passed on. */
document.addEventListener("formdata", ({ target, formData }) => {
  if (target.method !== "get") return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
});

/** A place that is written replaces the own position. */
document.addEventListener("input", (event) => {
  if (event.target.name === "where" && event.target.form?.elements.near) event.target.form.elements.near.value = "";
});

let sheetWasAt = -1;
document.addEventListener("htmx:beforeSwap", () => {
  const sheet = document.querySelector(".sheet:popover-open");
  sheetWasAt = sheet ? sheet.scrollTop : -1;
});
document.addEventListener("htmx:afterSettle", () => {
  const sheet = document.querySelector(".sheet[popover]");
  if (sheetWasAt < 0 || !sheet) return;
  const focused = document.activeElement?.id;
  sheet.showPopover();
  sheet.scrollTop = sheetWasAt;
  sheetWasAt = -1;
  document.getElementById(focused)?.focus({ preventScroll: true });
});
