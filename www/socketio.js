// The chat over Socket.IO: what the chat page does on a bare WebSocket, here through io().
//
// One event, `chat message`, with one argument, the text: the server passes it on to everybody, the
// sender included, as in the tutorial of Socket.IO. It does not say who wrote it.
//
// The library begins with requests and answers ("polling"), which pass every proxy, and moves on to a
// WebSocket when it has seen that one works. It also finds out when a connection is dead, and tries
// again with growing pauses. One thing that it would do is prevented (composer.js): to keep for later
// what was sent while there was no connection, and send it at a moment of which nobody knows.

import { codeInWords } from "./codes.js";
import { awaited, compose, confirm, giveBackUnconfirmed } from "./composer.js";
import { showRow } from "./rows.js";
import { offerWire } from "./wire.js";

const FIRST_PAUSE = 2_000; // ms before we try again; the library makes it longer each time, and random
const LONGEST_PAUSE = 30_000; // ms
const NAMES = { polling: "polling", websocket: "WebSocket" };

const [stateBox, state, retry, begin, transport] =
  ["state-box", "state", "retry", "begin", "transport"].map((id) => document.getElementById(id));

let socket;
let query; // gives what is asked for with each connection, if somebody watches the wire

function connect() {
  const fresh = io({
    forceNew: true, // or the choice of transports would be that of the first connection
    transports: begin.value.split(","),
    reconnectionDelay: FIRST_PAUSE,
    reconnectionDelayMax: LONGEST_PAUSE,
    query: queryOf(),
  });
  socket = fresh;
  showState("connecting", "Connecting…");

  fresh.on("connect", () => {
    showState("open", "Connected");
    showTransport(fresh.io.engine.transport.name);
    fresh.io.engine.on("upgrade", (better) => showTransport(better.name));
  });

  fresh.on("chat message", (line) => {
    // All get the messages of one sender in the order in which they went: so only the oldest that we
    // still wait for can be ours. Other programs may send other things than text.
    const isOwn = line === awaited();
    if (isOwn) confirm();
    showRow(isOwn ? "own" : "other", typeof line === "string" ? line : JSON.stringify(line) ?? "");
  });

  // Of a WebSocket the library passes on what the browser said of its end; of requests there is no code.
  fresh.on("disconnect", (reason, details) => {
    const code = details?.context?.code;
    giveBackUnconfirmed();
    showTransport("none");
    showState("closed", "Disconnected", `${code === undefined ? reason : codeInWords(code)}, retrying`);
    // For this reason alone the library does not try again by itself.
    if (reason === "io server disconnect") setTimeout(tryNow, FIRST_PAUSE * (0.5 + Math.random()));
  });

  fresh.on("connect_error", (error) => showState("closed", "Disconnected", `${error.message}, retrying`));
  fresh.io.on("reconnect_attempt", (count) => {
    retry.textContent = `try ${count}`;
    fresh.io.opts.query = queryOf();
  });
}

// "wire=1" as the library wants it.
function queryOf() {
  return Object.fromEntries(new URLSearchParams(query?.()));
}

// Only shortens a pause. Ending the old attempt is how the library is told to forget its pause.
function tryNow() {
  if (stateBox.dataset.state !== "closed") return;
  retry.textContent = "trying again now";
  socket.io.opts.query = queryOf();
  socket.disconnect().connect();
}

// A screen reader speaks when this changes. The reason stands in an element of its own, which is not
// announced: the same words again at every try would only disturb.
function showState(name, words, why = "") {
  stateBox.dataset.state = name;
  if (state.textContent !== words) state.textContent = words;
  retry.textContent = why;
}

function showTransport(name) {
  transport.textContent = NAMES[name] ?? name;
}

if (typeof io === "function") {
  begin.addEventListener("change", () => {
    socket.disconnect();
    connect();
  });
  addEventListener("online", tryNow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") tryNow();
  });
  compose({ isOpen: () => socket.connected, send: (text) => socket.emit("chat message", text), tryNow });
  connect();
  offerWire({
    socket: () => socket.io.engine.transport.ws, // none while it polls
    reopen(ask) {
      query = ask;
      socket.disconnect();
      connect();
    },
  }, 105);
} else {
  begin.disabled = true;
  compose({ isOpen: () => false, tryNow() {} });
  showState("closed", "Disconnected", "this server has no Socket.IO");
}
