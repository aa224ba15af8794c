// The rooms page: one WebSocket to the room that the address names (rooms.html#lobby), a list, and a form.
//
// What goes over the wire is JSON, as in the tutorial of Django Channels. We open /ws/chat/<room>/ and send
// {"message": "Hello"}; everybody in the room, the sender included, gets {"type": "chat", "message": "Hello"}.
//
// Nothing in there says who sent it. So we remember what we have sent and not heard yet. Our own messages come
// back in the order in which we sent them, so only the oldest of these can be the next; whatever is not the same
// is somebody else's. If two people say the same at the same moment, each sees two rows, one of them its own.
// (Which of the two came first is nothing that these bytes could tell.)

import { asText } from "./bytes.js";
import { awaited, compose, confirm, giveBackUnconfirmed, tell } from "./composer.js";
import { keepConnected } from "./connection.js";
import { clearRows, showRow } from "./rows.js";
import { placeOf } from "./server.js";
import { offerWire } from "./wire.js";

const DEFAULT_ROOM = "lobby";
const ROOM = /^\w{1,94}$/; // the server has no other rooms; \w is A-Z, a-z, 0-9 and _

const [roomForm, room, link, text] = ["room-form", "room", "link", "text"].map((id) => document.getElementById(id));

// The room stands in the part of the address behind "#": so a room can be bookmarked and sent to friends,
// and the browser's Back leads to the one before. A name that no room can have leads nowhere: one stays
// where one is, and is told.
function roomOfAddress(here) {
  const name = location.hash.slice(1);
  if (name === "") return DEFAULT_ROOM;
  if (ROOM.test(name)) return name;
  tell(`No room has a name like that in the address: only A-Z, a-z, 0-9 and _. You are in ${here}.`);
  return here;
}

let current = roomOfAddress(DEFAULT_ROOM);
const path = () => placeOf(`/ws/chat/${current}/`, `${current}/`);

function showRoom() {
  room.value = current;
  text.placeholder = `Message to ${current}`; // also while another name is being typed above
  link.href = `#${current}`;
  document.title = `${current} · Rooms · ws101`;
  // The address always says where one is, also when it named no room, or none that can be.
  if (location.hash !== link.hash) history.replaceState(null, "", link.href);
}

// ---- The conversation ----

const connection = keepConnected(path(), {
  received(data) {
    const message = messageOf(data);
    const isOwn = message !== undefined && message === awaited();
    if (isOwn) confirm();
    const said = typeof message === "string" ? message : asItCame(asText(data));
    if (isOwn) showRow("sent-message", said, "You");
    else showRow("received-message", said, "Somebody");
  },
  ended: giveBackUnconfirmed,
});
compose(connection, (typed) => JSON.stringify({ message: typed }));
offerWire(connection, 112);

// Undefined if there is none: only somebody's own server sends such a thing.
function messageOf(data) {
  try {
    return JSON.parse(data)?.message;
  } catch {
    return undefined;
  }
}

// Other programs may send other things than text. They are shown as the JSON that came: a number may have more
// digits than a script can count with.
function asItCame(data) {
  const key = `"message": `;
  const at = data.indexOf(key);
  return at === -1 ? data : data.slice(at + key.length, -1);
}

// ---- The choice of a room ----

// The browser has checked the name by then: rooms.html says what it may be. Spaces around it are those
// that a phone's keyboard puts behind a word.
roomForm.addEventListener("submit", (event) => {
  event.preventDefault();
  room.value = room.value.trim();
  location.hash = room.value;
  text.focus();
});

room.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  room.value = current;
  text.focus();
});

addEventListener("hashchange", () => {
  const chosen = roomOfAddress(current);
  if (chosen !== current) {
    tell("");
    current = chosen;
    clearRows();
    connection.moveTo(path());
  }
  showRoom();
});
showRoom();
text.focus(); // `autofocus` does nothing where the address has a part behind "#"
