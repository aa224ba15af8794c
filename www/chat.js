// The chat page: one WebSocket, a list, and a form.
//
// What goes over the wire is plain text, one message a line of the chat. We open /ws/<our id> and
// send what was typed. The server answers the sender "You wrote: Hello", then tells everybody, the
// sender included, "Client #<id> says: Hello". When somebody goes: "Client #<id> has left the chat".
//
// A script sees messages only. The frames, their masks, Ping and Pong, and the Close that ends it
// all are between the browser and the server; docs/handshake.md shows them.
//
// Two things take more lines here than the chat itself, and are worth copying:
// - A connection ends, sooner or later. So we say how things stand, try again with growing
//   pauses, and never lose what somebody typed.
// - What others send is text and stays text: it goes in by `textContent`, never as HTML.

const NEWEST = 500; // rows kept; a page that is open for a week must not fill the memory
const FIRST_PAUSE = 4_000; // ms, upper bound of the first pause before we try again
const LONGEST_PAUSE = 30_000; // ms
const STEADY = 10_000; // ms a connection must last before it counts as a success

const [log, messages, newer, form, text, hint, stateBox, state, retry] =
  ["log", "messages", "newer", "form", "text", "hint", "state-box", "state", "retry"]
    .map((id) => document.getElementById(id));

const myId = Date.now();
document.getElementById("ws-id").textContent = myId;

// ---- The connection ----

let socket;
let failures = 0; // connections in a row that failed or did not last
let timer; // runs while we wait for the next try, and only then
const unconfirmed = []; // sent, but the server's "You wrote: ..." has not come yet

function connect() {
  clearTimeout(timer);
  timer = undefined;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/ws/${myId}`);
  let openedAt = Infinity;

  socket.addEventListener("open", () => {
    openedAt = performance.now();
    showState("open", "Connected");
  });

  socket.addEventListener("message", (event) => {
    if (event.data.startsWith("You wrote: ")) unconfirmed.shift();
    showRow(event.data);
  });

  // This comes after a failed try too: "error" says no more than that it failed, so we need only this.
  socket.addEventListener("close", (event) => {
    if (performance.now() - openedAt > STEADY) failures = 0;
    giveBackUnconfirmed();
    showState("closed", "Disconnected");
    waitUntil(performance.now() + pause(failures), event.code);
    failures += 1;
  });
}

// When a server restarts, all its clients notice at once. Were they all to come back at once, they
// would push it over again: so the pauses are random, and grow (RFC 6455 §7.2.3).
function pause(failures) {
  if (failures === 0) return Math.random() * FIRST_PAUSE;
  const longest = Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
  return longest * (0.5 + Math.random() / 2);
}

function waitUntil(then, code) {
  const left = then - performance.now();
  if (left <= 0) {
    retry.textContent = "trying again now";
    connect();
    return;
  }
  // 1006 never was on the wire: it is the browser's word for "ended without a Close frame".
  retry.textContent = `code ${code}, next try in ${Math.ceil(left / 1000)} s`;
  timer = setTimeout(waitUntil, left % 1000 || 1000, then, code);
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

// A screen reader speaks when this changes. The pauses stand in an element of their own, which is
// not announced: nobody wants to have a countdown read out.
function showState(name, words) {
  stateBox.dataset.state = name;
  if (state.textContent !== words) state.textContent = words;
  retry.textContent = "";
}

// ---- Sending ----

form.addEventListener("submit", (event) => {
  event.preventDefault(); // or the browser would load the page anew
  if (text.value === "") return;
  if (socket.readyState !== WebSocket.OPEN) {
    hint.textContent = "Not sent: disconnected. Your text is kept.";
    tryNow();
    return;
  }
  socket.send(text.value);
  unconfirmed.push(text.value);
  text.value = "";
  hint.textContent = "";
});

text.addEventListener("input", () => {
  hint.textContent = "";
});

// send() only hands the text to the browser. Whether it arrived, the server's answer tells.
function giveBackUnconfirmed() {
  if (unconfirmed.length === 0) return;
  text.value = [...unconfirmed.splice(0), text.value].join(" ").trimEnd();
  hint.textContent = "The connection ended before this was confirmed. It may not have arrived.";
}

// ---- The list of messages ----

function kindOf(line) {
  if (line.startsWith("You wrote: ")) return "receipt";
  if (line.startsWith(`Client #${myId} says: `)) return "own";
  return /^Client #-?\d+ says: /.test(line) ? "other" : "notice";
}

let settling = false;

function showRow(line) {
  if (!settling) {
    settling = true;
    // A thousand messages in a burst shall not make the browser work out the page a thousand times:
    // what needs to know where things are is done once for all that come within one picture.
    // (requestAnimationFrame would stand still in a hidden tab, and the rows would pile up.)
    setTimeout(settle, 16, isAtEnd(log.clientHeight) ? log.scrollTop : Infinity);
  }
  const row = document.createElement("li");
  row.className = kindOf(line);
  row.textContent = line;
  messages.append(row);
}

// Who reads the newest row sees the next one come; who has scrolled up to read is left in peace.
// `end` is where the end was before the new rows came; above it is somebody who began to scroll
// up meanwhile, Infinity says that we were not there at all.
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
  log.scrollTop += top() - before; // what is being read stays where it is
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

// A phone's keyboard makes the list lower: the newest row shall not vanish behind it.
let heightBefore = log.clientHeight;
new ResizeObserver(() => {
  if (isAtEnd(heightBefore)) toEnd();
  heightBefore = log.clientHeight;
}).observe(log);

connect();
