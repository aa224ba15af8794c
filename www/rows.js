// The list of messages (#log, #messages and #newer): rows are added at its end, and whoever reads is not disturbed.

const NEWEST = 500; // rows kept; a page that is open for a week must not fill the memory
const LONGEST = 100_000; // characters shown of a message; it may have millions, and the browser would stand still for seconds

const [log, messages, newer] = ["log", "messages", "newer"].map((id) => document.getElementById(id));

let settling = false;

// Adds a row at the end: a text, below a name if there is one. It goes in as text, never as HTML.
export function showRow(kind, text, name) {
  if (!settling) {
    settling = true;
    // A thousand messages in a burst shall not make the browser work out the page a thousand times:
    // what needs to know where things are is done once for all that come within one picture.
    // (requestAnimationFrame would stand still in a hidden tab, and the rows would pile up.)
    setTimeout(settle, 16, endOfReading());
  }
  const row = document.createElement("li");
  row.className = kind;
  if (name === undefined) row.textContent = shortened(text);
  else row.append(span("name", name), span("said", shortened(text)));
  messages.append(row);
}

function span(kind, text) {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  return element;
}

function shortened(text) {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${text.length.toLocaleString("en")} characters)`;
}

// Where the end is, if it is in sight. (On a small screen the text of an empty list may be higher than the list.)
function endOfReading() {
  if (messages.childElementCount === 0) return 0;
  return isAtEnd(log.clientHeight) ? log.scrollTop : Infinity;
}

// Who reads the newest row sees the next one come; who has scrolled up to read is left in peace.
// `end` is where the end was before the new rows came; above it is somebody who began to scroll
// up meanwhile, Infinity says that we were not there at all.
function settle(end) {
  settling = false;
  const follow = log.scrollTop >= end;
  dropOldRows();
  if (follow) toEnd();
  else newer.hidden = isAtEnd(log.clientHeight);
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

// For another conversation, which is another list.
export function clearRows() {
  messages.replaceChildren();
  newer.hidden = true;
}

newer.addEventListener("click", () => {
  toEnd();
  document.getElementById("text").focus();
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
