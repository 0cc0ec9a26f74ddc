// Notifications in this browser. Asked for only when the button is pressed; without this file the page says how else.
"use strict";

(() => {
  const box = document.querySelector("[data-push-key]");
  if (!box) return;
  const button = box.querySelector("[data-push-on]");
  const show = (state) => {
    for (const text of box.querySelectorAll("[data-push-state]")) text.hidden = text.dataset.pushState !== state;
    button.hidden = state !== "off";
  };
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const key = bytes(box.dataset.pushKey);

  /** The subscription of this browser under our present key; one under an old key is of no use to anybody. */
  const present = async (registration) => {
    const found = await registration.pushManager.getSubscription();
    const theirs = found && new Uint8Array(found.options.applicationServerKey);
    if (!found || (theirs.length === key.length && theirs.every((byte, place) => byte === key[place]))) return found;
    await found.unsubscribe();
    return null;
  };

  const fingerprint = async (endpoint) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const start = async () => {
    const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
    if (Notification.permission === "denied") return show("denied");
    const found = await present(registration);
    const known = found && box.dataset.pushKnown.split(" ").includes(await fingerprint(found.endpoint));
    return show(known ? "on" : "off");
  };

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const registration = await navigator.serviceWorker.ready;
      if ((await Notification.requestPermission()) !== "granted") return show("denied");
      const found =
        (await present(registration)) ??
        (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
      const answer = await fetch(box.dataset.pushUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": box.dataset.pushToken },
        body: JSON.stringify(found),
      });
      if (!answer.ok) return show("failed");
      return location.reload();
    } catch {
      return show("failed");
    } finally {
      button.disabled = false;
    }
  });

  start().catch(() => show("failed"));
})();
