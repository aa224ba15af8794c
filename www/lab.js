// The lab: what is written here goes to the server's /lab, which explains it, and frames.js draws the answer.
//
// The page makes no frame and takes none apart. What the form builds is a line of the notation, such as
// C> text "Hello" key=37fa213d, and it stands in the text area, where one can go on by hand.

import { keepConnected } from "./connection.js";
import { drawEvent, stopAt, useLog } from "./frames.js";

const handshake = (more = "") => `C> "GET /echo HTTP/1.1\\r\\n"
C+ "Host: 127.0.0.1:8000\\r\\n"
C+ "Upgrade: websocket\\r\\n"
C+ "Connection: Upgrade\\r\\n"
C+ "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n"
C+ "Sec-WebSocket-Version: 13\\r\\n"
${more && `C+ "${more}\\r\\n"\n`}C+ "\\r\\n"
S< "HTTP/1.1 101 Switching Protocols\\r\\n"
S+ "Upgrade: websocket\\r\\n"
S+ "Connection: Upgrade\\r\\n"
S+ "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n"
${more && `S+ "${more}\\r\\n"\n`}S+ "\\r\\n"`;

const EXAMPLES = {
  "Hello, masked, and the answer": `C> text "Hello" key=37fa213d\nS< text "Hello"`,
  "126 bytes: the length gets 16 bits": "C> binary 2a*126",
  "65,536 bytes: the length gets 64 bits": "C> 82 ff 00 00 00 00 00 01 00 00 37 fa 21 3d 1d d0 0b 17 1d d0 0b 17 ...*65528",
  "Three fragments, and a ping between": `C> first-text "Hel"\nC> ping "mid"\nS< pong "mid"\nC> middle "lo, "\nC> last "you"`,
  "A Close and its answer": `C> close 1000 "bye"\nS< close 1000`,
  "A handshake": handshake(),
  "Hello, compressed": `${handshake("Sec-WebSocket-Extensions: permessage-deflate")}\nS< c1 07 f2 48 cd c9 c9 07 00`,
  "Broken: a client that does not mask": `C> text "Hello" nomask`,
  "Broken: a reserved bit": `C> text "Hello" rsv=2`,
  "Broken: a ping in fragments": `C> ping "mid" fin=0\nC> last "dle"`,
  "Broken: text that is not UTF-8": "C> text 48 c3 28",
  "Broken: a longer length than needed": `C> text "Hello" len=16`,
};

const [example, builder, build, source, trouble, sum, events, detail] =
  ["example", "builder", "build", "source", "trouble", "sum", "events", "detail"].map((id) => document.getElementById(id));
example.append(...Object.keys(EXAMPLES).map((name) => new Option(name)));
useLog(events, detail);

// ---- Questions and answers ----

let waiting = []; // what is done with the answers, in the order of the questions
const lab = keepConnected("/lab", {
  received(data) {
    waiting.shift()?.(JSON.parse(data));
  },
  opened: explain,
  async ended() {
    waiting = [];
    const { status } = await fetch("/lab").catch(() => ({}));
    trouble.textContent = status === 404
      ? "This server was started without --wire-view. Start it with make run, or ws101 --wire-view."
      : "The server does not answer. What is here stays.";
  },
});

function ask(text, then) {
  if (!lab.isOpen()) return lab.tryNow();
  waiting.push(then);
  lab.send(text);
}

function explain() {
  ask(source.value, (answer) => {
    if (waiting.length === 0) draw(answer); // or a newer answer is on its way
  });
}

function draw({ error, bytes, events: told = [] }) {
  trouble.textContent = error ?? "";
  if (error) return; // what was there stays: one is in the middle of a word, most of the time
  const broken = told.reduce((n, { rules = [] }) => n + rules.length, 0);
  const rules = broken === 0 ? "no rule is broken" : broken === 1 ? "a rule is broken" : `${broken} rules are broken`;
  sum.textContent = told.length ? `${bytes.toLocaleString("en")} bytes, ${rules}` : "Nothing to explain yet.";
  detail.textContent = "Choose a byte to see its bits.";
  events.replaceChildren(...told.map((event) => drawEvent(event, told.length < 50)));
  stopAt(events);
}

// ---- The form ----

const random = () => crypto.getRandomValues(new Uint8Array(4)).reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "");

// The lines of the notation for what the form says.
function lines() {
  const { from, type, code, payload, form, mask, key, fragments, len, fin, rsv } = build.elements;
  const isHex = form.value === "hex";
  const units = isHex ? payload.value.match(/[0-9a-f]{1,2}/gi) ?? [] : Array.from(payload.value);
  const count = Number(fragments.value);
  const bits = [...rsv].reduce((sum, { checked, value }) => sum + (checked ? Number(value) : 0), 0);
  return Array.from({ length: count }, (_, n) => {
    const part = units.slice(Math.floor(units.length * n / count), Math.floor(units.length * (n + 1) / count));
    const isLast = n === count - 1;
    const isWhole = count === 1;
    let name = type.value;
    if (n > 0 || name === "continuation") name = isLast && fin.checked ? "last" : "middle";
    else if (!isWhole && /^(text|binary)$/.test(name)) name = `first-${name}`;
    else if (!isWhole || !fin.checked) name += " fin=0";
    return [
      from.value, name,
      type.value === "close" && n === 0 && code.value,
      part.length > 0 && (isHex ? part.join(" ") : `"${part.join("").replace(/["\\]/g, "\\$&")}"`),
      bits > 0 && n === 0 && `rsv=${bits}`,
      mask.value !== "none" ? `key=${mask.value === "random" ? random() : key.value}` : from.value === "C>" && "nomask",
      len.value && `len=${len.value}`,
    ].filter(Boolean).join(" ");
  });
}

function compose({ target }) {
  const { from, type, code, mask, key, cuts } = build.elements;
  if (target === from) mask.value = from.value === "C>" ? "key" : "none"; // as it should be
  code.parentNode.hidden = type.value !== "close";
  key.parentNode.hidden = mask.value !== "key";
  const made = lines();
  const offsets = cuts.value.match(/\d+/g)?.map(Number) ?? [];
  write(made.join("\n"));
  // A cut stands between bytes: so the server is asked for those of the first frame.
  if (offsets.length > 0) {
    ask(made[0], ({ events: [frame] = [] }) => {
      if (!frame?.hex || lines().length !== made.length) return;
      if (frame.gap) return void (trouble.textContent = "A frame as long as this is not cut here.");
      const bytes = frame.hex.match(/../g).map((byte, at) => (at > 0 && offsets.includes(at) ? `| ${byte}` : byte));
      write([`${from.value} ${bytes.join(" ")}`, ...made.slice(1)].join("\n"));
    });
  }
}
build.addEventListener("input", compose);
build.addEventListener("submit", (event) => event.preventDefault());

// ---- The address ----

// The part of the address behind "#" is what is explained. Typing changes it; an example is one step of Back.
function write(text, isStep = false) {
  source.value = text;
  keep(isStep);
  explain();
}

function keep(isStep) {
  const method = isStep ? "pushState" : "replaceState";
  history[method](null, "", `#${encodeURI(source.value)}`);
  if (!isStep) example.value = "";
}

function showAddress() {
  const written = location.hash.slice(1);
  let text = written;
  try {
    text = decodeURIComponent(written);
  } catch {
    // Somebody wrote the address by hand, with a % in it.
  }
  source.value = text || Object.values(EXAMPLES)[0];
  example.value = Object.keys(EXAMPLES).find((name) => EXAMPLES[name] === source.value) ?? "";
  explain();
}

source.addEventListener("input", () => {
  keep(false);
  explain();
});
example.addEventListener("change", () => {
  if (example.value) write(EXAMPLES[example.value], true);
});
addEventListener("popstate", showAddress);
showAddress();
if (innerWidth >= 960) builder.open = true;
