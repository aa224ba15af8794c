// The chat over Socket.IO: what the chat page does on a bare WebSocket, here through io().
//
// One event, `chat message`, with one argument, the text: the server passes it on to everybody, the
// sender included, as in the tutorial of Socket.IO. It does not say who wrote it.
//
// The library begins with requests and answers ("polling"), which pass every proxy, and moves on to a
// WebSocket when it has seen that one works. It also finds out when a connection is dead, and
// tries again with growing pauses. Two things it would do are not done here: to keep for later what
// was sent while there was no connection (then it goes out at a moment of which nobody knows), and to
// say nothing about what was on its way when the connection ended.

const NEWEST = 500; // rows kept; a page that is open for a week must not fill the memory
const FIRST_PAUSE = 2_000; // ms before we try again; the library makes it longer and random
const LONGEST_PAUSE = 30_000; // ms
const NAMES = { polling: "polling", websocket: "WebSocket" };

const [log, messages, newer, form, text, hint, stateBox, state, retry, begin, transport] =
  ["log", "messages", "newer", "form", "text", "hint", "state-box", "state", "retry", "begin", "transport"]
    .map((id) => document.getElementById(id));

// ---- The connection ----

let socket;
const unconfirmed = []; // sent, and not yet come back to us

function connect() {
  const fresh = io({
    forceNew: true, // the choice of transports belongs to the connection below
    transports: begin.value.split(","),
    reconnectionDelay: FIRST_PAUSE,
    reconnectionDelayMax: LONGEST_PAUSE,
  });
  socket = fresh;
  showState("connecting", "Connecting…", "");

  fresh.on("connect", () => {
    showState("open", "Connected", "");
    showTransport(fresh.io.engine.transport.name);
    fresh.io.engine.on("upgrade", (better) => showTransport(better.name));
  });

  fresh.on("chat message", (line) => {
    // All get the same messages in the same order: what we sent comes back in the order in which it went.
    const isOwn = line === unconfirmed[0];
    if (isOwn) unconfirmed.shift();
    showRow(String(line), isOwn ? "own" : "other");
  });

  fresh.on("disconnect", (reason) => {
    giveBackUnconfirmed();
    showTransport("none");
    showState("closed", "Disconnected", reason);
    // For this reason alone the library does not try again by itself.
    if (reason === "io server disconnect") setTimeout(tryNow, FIRST_PAUSE * (0.5 + Math.random()));
  });

  fresh.on("connect_error", (error) => showState("closed", "Disconnected", error.message));
  fresh.io.on("reconnect_attempt", (count) => {
    retry.textContent = `try ${count}`;
  });
}

begin.addEventListener("change", () => {
  socket.disconnect();
  connect();
});

// Only shortens a pause. Ending the old attempt is how the library is told to forget its pause.
function tryNow() {
  if (stateBox.dataset.state !== "closed") return;
  retry.textContent = "trying again now";
  socket.disconnect().connect();
}
addEventListener("online", tryNow);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") tryNow();
});

// A screen reader speaks when this changes. The reason stands in an element of its own, which is not
// announced: the same words again at every try would only disturb.
function showState(name, words, why) {
  stateBox.dataset.state = name;
  if (state.textContent !== words) state.textContent = words;
  retry.textContent = why;
}

function showTransport(name) {
  transport.textContent = NAMES[name] ?? name;
}

// ---- Sending ----

form.addEventListener("submit", (event) => {
  event.preventDefault(); // or the browser would load the page anew
  if (text.value === "") return;
  if (!socket.connected) {
    hint.textContent = "Not sent: disconnected. Your text is kept.";
    tryNow();
    return;
  }
  unconfirmed.push(text.value);
  socket.emit("chat message", text.value);
  text.value = "";
  hint.textContent = "";
});

text.addEventListener("input", () => {
  hint.textContent = "";
});

function giveBackUnconfirmed() {
  if (unconfirmed.length === 0) return;
  text.value = [...unconfirmed.splice(0), text.value].join(" ").trimEnd();
  hint.textContent = "The connection ended before this was confirmed. It may not have arrived.";
}

// ---- The list of messages, as in chat.js ----

let settling = false;

function showRow(line, kind) {
  if (!settling) {
    settling = true;
    setTimeout(settle, 16, isAtEnd(log.clientHeight) ? log.scrollTop : Infinity);
  }
  const row = document.createElement("li");
  row.className = kind;
  row.textContent = line;
  messages.append(row);
}

function settle(end) {
  settling = false;
  const follow = log.scrollTop >= end;
  dropOldRows();
  if (follow) toEnd();
  else newer.hidden = false;
}

function dropOldRows() {
  const surplus = messages.childElementCount - NEWEST;
  if (surplus <= 0) return;
  const oldestKept = messages.children[surplus];
  const top = () => oldestKept.getBoundingClientRect().top;
  const before = top();
  while (messages.firstElementChild !== oldestKept) messages.firstElementChild.remove();
  log.scrollTop += top() - before;
}

function isAtEnd(height) {
  return log.scrollHeight - log.scrollTop - height < 2;
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

newer.addEventListener("click", () => {
  toEnd();
  text.focus();
});
log.addEventListener("scroll", () => {
  if (isAtEnd(log.clientHeight)) newer.hidden = true;
});

let heightBefore = log.clientHeight;
new ResizeObserver(() => {
  if (isAtEnd(heightBefore)) toEnd();
  heightBefore = log.clientHeight;
}).observe(log);

// ---- Beginning ----

if (typeof io === "function") connect();
else showState("closed", "Disconnected", "this server has no Socket.IO");
