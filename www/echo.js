// The echo page: what one sends comes back, or goes to everybody on a topic. Text or bytes, as they are.
//
// The server adds nothing to a message. So on a topic nothing says who sent it, and, as in rooms.js, it is ours
// if it is the same as the oldest of those that we have sent and not heard yet.

import { asText, bytesOf, kindAndLength } from "./bytes.js";
import { compose, confirm, giveBackUnconfirmed, tell } from "./composer.js";
import { addressOf, keepConnected } from "./connection.js";
import { clearRows, showRow } from "./rows.js";
import { isElsewhere, placeOf } from "./server.js";

const DEFAULT_TOPIC = "hello";
const TOPIC = /^[\w.~-]{1,64}$/; // the server has no others

const [places, place, topic, topicParts, address, as, text, link, ofEcho, ofTopic] =
  ["places", "place", "topic", "topic-parts", "address", "as", "text", "link", "of-echo", "of-topic"]
    .map((id) => document.getElementById(id));

// ---- Where one is ----

// The address of the page says it: #topic=name, so that a link can be sent; without that it is the echo.
// It is the topic's name, or null. What no topic can be called leads nowhere: one stays `here`.
function topicOfAddress(here) {
  const [, name] = /^#topic=(.*)$/.exec(location.hash) ?? [];
  if (name === undefined) return null;
  if (TOPIC.test(name)) return name;
  tell("No topic has a name like that in the address: only A-Z, a-z, 0-9 and _ . ~ -, at most 64.");
  return here;
}

const pathOf = (name) => (name === null ? "/echo" : `/broadcast/${name}`);

let current = isElsewhere() ? null : topicOfAddress(null);
const start = placeOf(pathOf(current));

function showPlace() {
  address.textContent = isElsewhere() ? "" : addressOf(pathOf(current));
  places.hidden = isElsewhere(); // its address is all that is known of another server
  place.value = current === null ? "echo" : "topic";
  topicParts.hidden = current === null;
  topic.value = current ?? topic.value;
  [ofEcho.hidden, ofTopic.hidden] = [current !== null, current === null];
  link.href = `#topic=${current}`;
  document.title = `${current ?? "Echo"} · ws101`;
}

function moveTo(name) {
  location.hash = name === null ? "" : `topic=${name}`;
}

place.addEventListener("change", () => moveTo(place.value === "echo" ? null : topic.value.trim() || DEFAULT_TOPIC));
places.addEventListener("submit", (event) => {
  event.preventDefault(); // echo.html says what a name may be, and the browser has checked it
  moveTo(topic.value.trim());
  text.focus();
});

addEventListener("hashchange", () => {
  if (isElsewhere()) return;
  const chosen = topicOfAddress(current);
  if (chosen !== current) {
    tell("");
    current = chosen;
    clearRows();
    connection.moveTo(pathOf(current));
  }
  showPlace();
});

// ---- The conversation ----

const sent = []; // what has not come back yet: the message as a text, and when it went; the oldest first

const connection = keepConnected(start, {
  received(data) {
    const came = asText(data);
    const what = kindAndLength(data);
    const isOwn = sent[0]?.text === came && sent[0].isText === (typeof data === "string");
    const name = current === null ? "Came back" : isOwn ? "You" : "Somebody";
    const kind = (isOwn ? "own" : "other") + (typeof data === "string" ? "" : " hex");
    if (!isOwn) return showRow(kind, came, current === null ? `Came: ${what}` : `${name}: ${what}`);
    confirm();
    const ms = performance.now() - sent.shift().at;
    showRow(kind, came, `${name}: ${what}, ${current === null ? "" : "back "}after ${ms.toFixed(1)} ms`);
  },
  ended() {
    sent.length = 0;
    giveBackUnconfirmed();
  },
});

// Gives the message to send, or null if there is something wrong with what was typed.
function encode(typed) {
  let data = typed;
  if (as.value === "hex") {
    const { bytes, wrong } = bytesOf(typed);
    if (wrong !== undefined) {
      tell(`Not sent. ${wrong}`);
      return null;
    }
    data = bytes.buffer;
  }
  sent.push({ text: asText(data), isText: data === typed, at: performance.now() });
  return data;
}
compose(connection, encode);

as.addEventListener("change", () => {
  text.placeholder = as.value === "hex" ? "81 05 48" : "Message";
  tell("");
  text.focus();
});

showPlace();
text.focus(); // `autofocus` does nothing where the address has a part behind "#"
