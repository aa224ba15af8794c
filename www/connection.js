// One WebSocket that is kept: when it ends, it is opened anew, after pauses that grow.
//
// A connection ends, sooner or later. So the page says how things stand (#state-box, #state and #retry, which
// each page with a connection has) and tries again by itself. What is sent and received is the page's business.

import { codeInWords } from "./codes.js";

const FIRST_PAUSE = 4_000; // ms, upper bound of the first pause before we try again
const LONGEST_PAUSE = 30_000; // ms
const STEADY = 10_000; // ms a connection must last before it counts as a success

const [stateBox, state, retry] = ["state-box", "state", "retry"].map((id) => document.getElementById(id));

// Opens `path`: a path on this server, or the address of another (ws://…). Where it is null, there is no connection.
//
// `received` gets each message, a string or an ArrayBuffer. `opened` is told of each beginning, `ended` of each
// end: what was sent and not answered by then may never have arrived.
export function keepConnected(path, { received, opened = () => {}, ended }) {
  let socket;
  let query = null; // gives what is appended to the path, anew for each connection
  let failures = 0; // connections in a row that failed or did not last
  let timer; // runs while we wait for the next try, and only then

  function connect() {
    clearTimeout(timer);
    timer = undefined;
    if (path === null) return showState("closed", "Disconnected");
    const ours = new WebSocket(addressOf(path, query?.() ?? ""));
    ours.binaryType = "arraybuffer"; // a Blob would give its bytes only later, when others may have come
    socket = ours;
    let openedAt = Infinity;

    ours.addEventListener("open", () => {
      if (ours !== socket) return ours.close();
      openedAt = performance.now();
      showState("open", "Connected");
      opened();
    });

    ours.addEventListener("message", (event) => {
      if (ours === socket) received(event.data);
    });

    // This comes after a failed try too: "error" says no more than that it failed, so we need only this.
    ours.addEventListener("close", (event) => {
      if (ours !== socket) return;
      if (performance.now() - openedAt > STEADY) failures = 0;
      ended();
      showState("closed", "Disconnected");
      const why = openedAt === Infinity ? "it could not be opened" : codeInWords(event.code, event.reason);
      waitUntil(performance.now() + pause(failures), why);
      failures += 1;
    });
  }

  function waitUntil(then, why) {
    const left = then - performance.now();
    if (left <= 0) {
      retry.textContent = "trying again now";
      connect();
      return;
    }
    retry.textContent = `${why}, next try in ${Math.ceil(left / 1000)} s`;
    timer = setTimeout(waitUntil, left % 1000 || 1000, then, why);
  }

  // Only shortens a pause: while a try is under way, or the connection stands, there is none.
  function tryNow() {
    if (timer === undefined) return;
    retry.textContent = "trying again now";
    connect();
  }
  addEventListener("online", tryNow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") tryNow();
  });

  // Leaves this connection for another. Nothing that comes on the old one counts any more.
  function anew() {
    const left = socket;
    ended();
    showState("connecting", "Connecting…");
    failures = 0;
    connect();
    // One that is not open yet closes when it is: to cut it short looks like an error.
    if (left?.readyState === WebSocket.OPEN) left.close();
  }

  connect();
  return {
    isOpen: () => socket?.readyState === WebSocket.OPEN,
    send: (data) => socket.send(data),
    socket: () => socket, // the one of now: after an end it is another
    tryNow,
    moveTo(other) {
      path = other;
      anew();
    },
    // The same place again. From now on `ask` is asked at each connection for a query ("wire=1", or "" for
    // none), which is appended to the path; null asks no more.
    reopen(ask) {
      query = ask;
      anew();
    },
  };
}

// The address for a WebSocket: that of this server, if `path` is only a path.
export function addressOf(path, query = "") {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const address = path.startsWith("/") ? `${scheme}//${location.host}${path}` : path;
  return query === "" ? address : `${address}${address.includes("?") ? "&" : "?"}${query}`;
}

// When a server restarts, all its clients notice at once. Were they all to come back at once, they
// would push it over again: so the pauses are random, and grow (RFC 6455 §7.2.3).
function pause(failures) {
  if (failures === 0) return Math.random() * FIRST_PAUSE;
  const longest = Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
  return longest * (0.5 + Math.random() / 2);
}

// A screen reader speaks when this changes. The pauses stand in an element of their own, which is
// not announced: nobody wants to have a countdown read out.
function showState(name, words) {
  stateBox.dataset.state = name;
  if (state.textContent !== words) state.textContent = words;
  retry.textContent = "";
}
