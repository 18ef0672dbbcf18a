// Sends decisions one after the other, in the order in which they were made, and tries again where the studio does not
// answer. Each carries an id of its own, so that a decision sent twice counts once. Nothing is dropped without a word.
import { showCounts } from "./notices.js";

const PAUSES_MS = [500, 2000];
const TIMEOUT_MS = 30_000;
const MAX_KEPT_FIELDS = 100; // browsers refuse larger bodies that are to outlive their page
const AWAY = "The studio is not responding. Check that it is running.";
const LOGGED_OUT = "You are no longer logged in. Log in again in another tab, then try again here.";

const queue = [];
let isSending = false;
let nDropped = 0;
let drained = [];

export const nUnsaved = () => queue.length;

// Resolves once nothing is left to save: to true, or to false where a decision was given up meanwhile.
export function allSaved() {
  const before = nDropped;
  if (!queue.length) return Promise.resolve(true);
  return new Promise((resolve) => drained.push(() => resolve(nDropped === before)));
}

// crypto.randomUUID is missing on plain http, where studios in a local network are.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Resolves to the answer once the decision is saved, or to null where it was given up.
// `what` names the decision, such as "Keep, Row 12".
export function save({ url, body, what }) {
  body.set("action_id", newId());
  return new Promise((resolve) => {
    queue.push({ url, body, what, resolve });
    showCounts({ saving: queue.length });
    if (!isSending) sendAll();
  });
}

async function sendAll() {
  isSending = true;
  while (queue.length) {
    const answer = await sendPatiently(queue[0]);
    if (answer.problem) document.dispatchEvent(new Event("review:stopped"));
    const isGivenUp = answer.problem && (await ask(queue[0], answer)) === "drop";
    if (answer.problem && !isGivenUp) continue;
    const done = queue.shift();
    if (isGivenUp) nDropped += 1;
    showCounts({ saving: queue.length });
    done.resolve(isGivenUp ? null : answer);
  }
  isSending = false;
  const waiting = drained;
  drained = [];
  for (const tell of waiting) tell();
}

async function sendPatiently(request) {
  let answer = await send(request);
  for (const pause of PAUSES_MS) {
    if (!answer.isAway) break;
    await new Promise((resolve) => setTimeout(resolve, pause));
    answer = await send(request);
  }
  return answer;
}

async function send({ url, body }) {
  let response;
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (token) body.set("csrfmiddlewaretoken", token); // that of this page is outdated after a new log-in
  try {
    response = await fetch(url, {
      method: "POST",
      body,
      headers: { "HX-Request": "true" },
      keepalive: [...body.keys()].length < MAX_KEPT_FIELDS, // it arrives even if the page is left
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const html = await response.text();
    return read(response, html);
  } catch {
    return { problem: AWAY, isAway: true };
  }
}

function read(response, html) {
  const { status } = response;
  if (response.redirected || status === 401 || status === 403) return { problem: LOGGED_OUT };
  if (response.ok) return { html, redirect: response.headers.get("HX-Redirect") };
  if ([502, 503, 504].includes(status)) return { problem: AWAY, isAway: true };
  const sentence = new DOMParser().parseFromString(html, "text/html").querySelector("[data-toast] p")?.textContent;
  if (status === 422 && sentence) return { problem: sentence, isRefused: true };
  return { problem: `The studio could not save it (error ${status}).` };
}

// A modal dialog, so that no key decides about another row while the reviewer reads what went wrong.
function ask(request, { problem, isRefused }) {
  const dialog = document.getElementById("not-saved");
  const part = (name) => document.getElementById(`not-saved-${name}`);
  part("title").textContent = `${request.what}: not saved`;
  part("why").textContent = problem;
  const n = queue.length - 1;
  part("waiting").textContent = n ? `${n} later ${n === 1 ? "decision is" : "decisions are"} waiting and will be saved next.` : "";
  part("drop").textContent = isRefused ? "Go back to the row" : "Discard this decision";
  part("retry").hidden = Boolean(isRefused);
  dialog.showModal();
  return new Promise((resolve) => {
    const choose = (choice) => {
      window.removeEventListener("online", retry);
      dialog.onclose = null;
      dialog.close();
      resolve(choice);
    };
    const retry = () => choose("retry");
    part("drop").onclick = () => choose("drop");
    part("retry").onclick = retry;
    dialog.onclose = isRefused ? () => choose("drop") : retry;
    if (!isRefused) window.addEventListener("online", retry);
  });
}
