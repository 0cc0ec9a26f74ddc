// The service worker: shows what is pushed and opens the page it is about. It stores nothing and answers no requests.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const { title = "Praktiknavet", body = "", path = "/notifications/", tag, lang } = event.data ? event.data.json() : {};
  // The same tag replaces what is on the screen: a message that came twice is seen once.
  event.waitUntil(self.registration.showNotification(title, { body, tag, lang, data: { path } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const target = new URL(event.notification.data?.path ?? "/notifications/", self.location.origin);
  if (target.origin !== self.location.origin) return;
  event.waitUntil(
    (async () => {
      const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const open = windows.find((each) => each.url === target.href);
      return open ? open.focus() : self.clients.openWindow(target.href);
    })(),
  );
});
