// The wire view: a panel with the bytes of this page's own connection, as the server saw them.
//
// No script sees frames, masks or pings. The server tells of them to whoever holds the id of a connection: so we make
// one up, open /wire?id=ID, and connect anew with ?wire=ID. That shows the handshake, too.

import { drawEvent, el, stopAt, useLog } from "./frames.js";

const NEWEST = 500; // events kept
const PACE = 100; // ms for which events are gathered, to be drawn at once
const FLOOD = 15; // events at once from which on frames start folded
const LONG = 140; // bytes from which on a frame does; that of the first experiment is shorter
const AGAIN = 3_000; // ms until a server that does not answer is asked again

const COMPRESSED = /[?&]deflate=on(&|$)/; // the address of the page asks for it; else its bytes are easier to read

const EXPERIMENTS = [
  ["send 126 bytes", "Seven bits count to 125. Watch: LEN says 126, and the real length is in EXT."],
  ["close with 4000", "Watch the Close that your browser sends, and the answer. Then the page reconnects."],
  ["server: answer in 3 fragments", "Watch FIN: only the third frame has it. The page gets one message.", "fragments"],
  ["server: ping me now", "Watch your browser answer with a pong. JavaScript never hears of it.", "ping"],
  ["server: break a rule", "The server masks a frame. Watch your browser fail the connection.", "mask"],
];

const REASONS = {
  undefined: "The server does not answer. What is here stays, and goes on when it is back.",
  404: "This server was started without --wire-view. Start it with make run, or ws101 --wire-view.",
  elsewhere: "This page talks to another server. Only connections to its own one can be shown.",
  full: "The server watches 32 connections already. Close another page that shows its wire.",
};

const button = (words, onclick) => el("button", { type: "button", className: "btn btn-outline-secondary", onclick }, words);
const check = (words, onchange) => el("label", { className: "tick" }, el("input", { type: "checkbox", checked: true, onchange }), words);

// `connection` is what keepConnected gives. A text of `length` characters makes a frame with 126 bytes of payload.
export function wirePanel(connection, length) {
  const [text, form] = ["text", "form"].map((id) => document.getElementById(id));
  let [wire, former] = []; // the /wire of the connection that is watched, or will be; the one of the connection before
  let queue = []; // events to be drawn
  let gone = 0; // events that are not shown any more
  let [isPaused, timer, firstQuery] = [false];

  const status = el("p", { className: "status", role: "status" });
  const older = el("p", { className: "older" });
  const list = el("ol", { className: "events", role: "list", ariaLabel: "Events" });
  const detail = el("div", { className: "detail", ariaLive: "polite" }, "Choose a byte to see its bits.");
  useLog(list, detail);

  const filters = ["handshake", "data", "control", "reads"].map((kind) => check(kind, ({ target }) => {
    list.classList.toggle(`no-${kind}`, !target.checked);
    stopAt(list);
  }));
  const pause = button("Pause", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? "Go on" : "Pause";
    flush();
  });
  const clear = button("Clear", () => {
    list.replaceChildren();
    [queue, gone, older.textContent] = [[], 0, ""];
  });
  const experiments = EXPERIMENTS.map(([words, watch, task], n) => {
    const start = button(words, () => {
      mark(`${words}. ${watch}`);
      menu.open = false; // it covers the log, at whose end one wants to be now
      menu.firstChild.focus();
      list.scrollTop = list.scrollHeight;
      if (task) wire.send(JSON.stringify({ do: task }));
      else if (n > 0) connection.socket().close(4000, "an experiment");
      else {
        // By way of the form, so that the page knows of it as of anything else that one says.
        const draft = text.value;
        text.value = "*".repeat(length);
        form.requestSubmit();
        text.value = draft;
      }
    });
    start.setAttribute("aria-describedby", `watch-${n}`);
    return [start, el("p", { id: `watch-${n}` }, watch)];
  });
  const menu = el("details", {}, el("summary", {}, "Experiments"), el("div", {}, ...experiments.flat()));
  const panel = el("section", { id: "wire", ariaLabel: "The wire" },
    el("div", { className: "tools" }, el("div", { role: "group", ariaLabel: "Show" }, ...filters), menu, pause, clear),
    status, older, list, detail);
  form.after(panel);

  // An experiment needs a connection that was opened for the view, and is open.
  function allow(is) {
    for (const [start] of experiments) start.disabled = !is;
  }

  // Opens a /wire, and gives the query with which its connection is opened.
  function watch(then = () => {}) {
    const id = crypto.getRandomValues(new Uint8Array(16)).reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "");
    const ours = new WebSocket(`${location.origin.replace("http", "ws")}/wire?id=${id}`);
    let isOpen = false;
    former?.close(); // its connection may never have come
    [wire, former] = [ours, wire];
    ours.onopen = () => {
      isOpen = true;
      status.textContent = "";
      then();
    };
    ours.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (ours === wire && /^(response|end)$/.test(event.kind)) allow(event.kind === "response");
      add(event.error ? { kind: "step", title: event.error } : event);
    };
    ours.onclose = async ({ code }) => {
      if (ours !== wire) return;
      allow(false);
      if (code === 1000) return; // the connection is over; the next one has a new id
      // A browser does not say why a WebSocket could not be opened: a request shows it.
      const answer = await fetch("/wire").catch(() => ({}));
      status.textContent = REASONS[answer.status] ?? REASONS.full;
      if (isOpen || then !== begin) return; // the page connects again by itself
      wire = undefined; // the button can try again
      if (!answer.status) setTimeout(() => wire || start(), AGAIN);
    };
    return `wire=${id}${COMPRESSED.test(location.search) ? "&deflate=on" : ""}`;
  }

  function start() {
    firstQuery = watch(begin);
  }
  function begin() {
    connection.reopen(() => {
      mark(firstQuery ? "The page has reconnected, to show the handshake." : "The page reconnects: another connection, another id.");
      const query = firstQuery || watch();
      firstQuery = "";
      return query;
    });
  }

  const mark = (title) => add({ kind: "step", title });
  function add(event) {
    queue.push(event);
    if (queue.length > NEWEST) gone += queue.splice(0, 1).length;
    timer ??= setTimeout(flush, PACE);
  }

  function flush() {
    timer = undefined;
    if (isPaused) return;
    const follow = list.scrollHeight - list.scrollTop - list.clientHeight < 40 && !list.querySelector(".byte:focus");
    const isFlood = queue.length > FLOOD;
    list.append(...queue.map((event) => drawEvent(event, event.hex && !isFlood && event.size < LONG)));
    queue = [];
    for (; list.childElementCount > NEWEST; gone += 1) list.querySelector("li:not(:focus-within)").remove();
    if (gone) older.textContent = `${gone.toLocaleString("en")} older events are not shown any more.`;
    stopAt(list);
    if (follow) list.scrollTop = list.scrollHeight;
  }

  allow(false);
  // Shows the panel: then one is at its end, and a connection is watched.
  return () => {
    list.scrollTop = list.scrollHeight;
    if (/[?&]server=/.test(location.search)) status.textContent = REASONS.elsewhere;
    else if (!wire) start();
  };
}
