// Optional comforts. Every journey works without this file.
"use strict";

/** data-autosubmit on a form: a changed filter is applied at once. */
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && !event.target.matches("[type=search], [type=text]")) form.requestSubmit();
});

/** data-select-all="name" on a checkbox: ticks every checkbox of that name in the same form. */
document.addEventListener("change", (event) => {
  const name = event.target.dataset.selectAll;
  const form = event.target.form;
  if (!name || !form) return;
  for (const box of form.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)) box.checked = event.target.checked;
});

/** data-count="name" on a hidden element in a form: shows the number of ticked checkboxes of that name there. */
const countTicked = (form) => {
  for (const count of form.querySelectorAll("[data-count]")) {
    const ticked = form.querySelectorAll(`input[name="${CSS.escape(count.dataset.count)}"]:checked`).length;
    count.textContent = ticked;
    // Nothing chosen, nothing to decide. Without scripts the server says so.
    for (const button of count.closest(".bulk")?.querySelectorAll("button") ?? []) button.disabled = !ticked;
    count.hidden = false;
  }
};
document.addEventListener("change", (event) => {
  if (event.target.type === "checkbox" && event.target.form) countTicked(event.target.form);
});
for (const count of document.querySelectorAll("form [data-count]")) countTicked(count.closest("form"));

/** A form that is sent twice by a double click is sent once: the second would be refused, and hide that the first was not. */
const sentAt = new WeakMap();
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.timeStamp - (sentAt.get(event.target) ?? -Infinity) < 1000) event.preventDefault();
  else sentAt.set(event.target, event.timeStamp);
});

/** A page that answers a form, with what has to be corrected, becomes an address like any other, that of the page the form
 * stands on: coming back to it, the browser would show an error of its own and ask whether to send everything again. */
const answersForm = document.documentElement.dataset.answersForm;
if (answersForm !== undefined) history.replaceState(history.state, "", answersForm || location.href);

/** data-copy="text" on a button: copies the text, then says so with the words of data-copied. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  if (button.dataset.copied) button.textContent = button.dataset.copied;
});

/** data-print on a hidden button: shows it and prints the page. */
for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

/** An open menu closes when one clicks elsewhere or presses Escape, which leads back to its button. */
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".nav-more[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(".nav-more[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
