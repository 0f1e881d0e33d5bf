// Renews what is shown, in place: focus, opened parts and the place on the page stay. Without this
// script a page shows how things were when it was loaded.
"use strict";
const every = Number(document.currentScript.dataset.every) * 1000;
const live = document.getElementById("live");
const said = live.appendChild(document.createElement("span"));
said.setAttribute("role", "status");
const button = live.appendChild(document.createElement("button"));
button.type = "button";
let stopped = false;

const say = (words) => {
  // The same words once more would be read aloud once more.
  if (said.textContent !== `${words} `) said.textContent = `${words} `;
  button.textContent = stopped ? "Renew by itself" : "Stop renewing";
};

const renew = async () => {
  if (stopped || document.hidden) return;
  try {
    const answer = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (stopped) return;
    sync(document.getElementById("main"), fresh.getElementById("main"));
    document.title = fresh.title;
    say(`This page renews itself every ${every / 1000} s.`);
  } catch {
    say("Not renewed: `sluice console` does not answer. It may have ended.");
  }
};

// Makes one tree like another, and touches nothing that is the same. What the reader has opened or
// typed stays.
const sync = (old, fresh) => {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (["INPUT", "SELECT"].includes(old.nodeName)) return;
  for (const { name } of [...old.attributes ?? []]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes ?? []) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const [were, are] = [[...old.childNodes], [...fresh.childNodes]];
  were.slice(are.length).forEach((gone) => gone.remove());
  are.forEach((child, at) => {
    if (were[at]) sync(were[at], child);
    else old.appendChild(document.importNode(child, true));
  });
};

button.addEventListener("click", () => {
  stopped = !stopped;
  say(stopped ? "This page is not renewed." : `This page renews itself every ${every / 1000} s.`);
  renew();
});
document.addEventListener("visibilitychange", renew);
say(`This page renews itself every ${every / 1000} s.`);
setInterval(renew, every);
