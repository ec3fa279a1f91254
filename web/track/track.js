// A buyer's order, live. The token never leaves this browser but in requests to the API: it comes in the fragment of
// the address, which is not sent, or from the form, and is kept for this tab alone.

import { NotYours, follow, pause, standing } from "./following.js";
import { DONE, ENDED, OPEN, PARTLY, axes, headline, progress } from "./steps.js";

const SPOKEN = { [DONE]: "done", [PARTLY]: "done in part", [OPEN]: "not yet", [ENDED]: "ended" };
const WRONG = "There is no such order, or the key belongs to another one.";
const AWAY = "The shop cannot be reached. Trying again …";

const byId = (id) => document.getElementById(id);
const reference = decodeURIComponent(location.pathname.split("/").pop());
const endpoint = new URL("../graphql", location.href).href.replace(/[?#].*$/, "");
const kept = (name) => `souk-track:${name}`;
let shown = 0; // the last event's sequence

function element(name, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const moment = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
const money = ({ amount, currencyCode: currency }) =>
  new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);

function connection(state, text) {
  byId("connection").dataset.state = state;
  if (byId("connection").textContent !== text) byId("connection").textContent = text;
}

const step = ({ name, mark }) =>
  element("li", { class: mark }, element("span", { text: name }), element("span", { class: "spoken", text: `: ${SPOKEN[mark]}` }));

function parcel({ status, tracking, estimatedDeliveryAt }) {
  const told = [tracking?.carrier, tracking?.number].filter(Boolean).join(" ") || "Parcel";
  const safe = /^https?:/.test(tracking?.url ?? "");
  const name = safe ? element("a", { href: tracking.url, rel: "noreferrer", text: told }) : element("span", { text: told });
  const more = [status.toLowerCase().replaceAll("_", " ")];
  if (estimatedDeliveryAt) more.push(`expected ${moment(estimatedDeliveryAt)}`);
  return element("li", {}, name, ` (${more.join(", ")})`);
}

function showState(order) {
  byId("headline").textContent = headline(order);
  const waiting = order.status === "PENDING" && order.expiresAt;
  byId("lead").textContent = waiting ? `It is kept for you until ${moment(order.expiresAt)}.` : "";
  byId("progress").replaceChildren(...progress(order).map(step));
  byId("map").replaceChildren(
    ...axes(order).map(({ name, steps }) =>
      element("div", {}, element("h3", { text: name }), element("ol", { class: "steps" }, ...steps.map(step))),
    ),
  );
  byId("parcels").replaceChildren(...order.fulfillments.map(parcel));
  byId("parcels-part").hidden = order.fulfillments.length === 0;
}

function entry(event) {
  const more = [event.location, event.amount && money(event.amount)].filter(Boolean).join(", ");
  return element(
    "li",
    { "data-sequence": event.sequence, "data-type": event.type },
    element("p", { text: more ? `${event.message} (${more})` : event.message }),
    element("time", { datetime: event.occurredAt, text: moment(event.occurredAt) }),
  );
}

// The newest comes first.
function showEvent(event) {
  if (event.sequence <= shown) return; // read again after the shop had ended the subscription
  shown = event.sequence;
  byId("timeline").prepend(entry(event));
}

function askForToken(problem) {
  byId("order").hidden = true;
  byId("form").hidden = false;
  byId("problem").textContent = problem;
  byId("token").setAttribute("aria-invalid", String(problem !== ""));
  connection("idle", "");
  if (problem) byId("token").focus();
}

function showOrder({ order, events }, token) {
  for (const name of [reference, order.number]) sessionStorage.setItem(kept(name), token);
  byId("title").textContent = document.title = `Order ${order.number}`;
  showState(order);
  events.forEach(showEvent);
  byId("form").hidden = true;
  byId("order").hidden = false;
}

async function watch(token) {
  byId("form").hidden = true;
  for (let tries = 0; ; tries += 1) {
    try {
      connection("waiting", tries ? AWAY : "Asking the shop …");
      const found = await standing(endpoint, reference, token);
      showOrder(found, token);
      await follow(endpoint, { id: found.order.id, token, cursor: found.cursor }, {
        heard: (event) => {
          showEvent(event);
          showState(event.order);
          tries = 0;
        },
        connected: () => connection("live", "Live: this page follows your order."),
        lost: () => connection("waiting", "The connection is lost. Trying again …"),
      });
    } catch (error) {
      if (error instanceof NotYours) {
        sessionStorage.removeItem(kept(reference));
        askForToken(WRONG);
        return;
      }
      connection("waiting", AWAY);
    }
    await pause(tries);
  }
}

// Out of the address bar, the history and what people copy from there.
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) sessionStorage.setItem(kept(reference), found);
  if (location.hash || location.search) history.replaceState(null, "", location.pathname);
  return sessionStorage.getItem(kept(reference));
}

const given = takeToken();
if (given) watch(given);
else askForToken("");

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = byId("token").value.trim();
  if (!token) return askForToken("Enter the key that you got with the order.");
  watch(token);
  byId("title").focus(); // it was in the form, which goes away
});
// The same page with another token, pasted into the same tab; `replaceState` does not cause this event.
window.addEventListener("hashchange", () => {
  if (!location.hash) return;
  takeToken();
  location.reload();
});
