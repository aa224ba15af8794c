// The chat page: one WebSocket, a list, and a form.
//
// What goes over the wire is plain text, one message a line of the chat. We open /ws/<our id> and
// send what was typed. The server answers the sender "You wrote: Hello", then tells everybody, the
// sender included, "Client #<id> says: Hello". When somebody goes: "Client #<id> has left the chat".
//
// A script sees messages only. The frames, their masks, Ping and Pong, and the Close that ends it
// all are between the browser and the server; docs/handshake.md shows them.
//
// Two things take more lines than the chat itself, and are worth copying:
// - A connection ends, sooner or later. So we say how things stand, try again with growing
//   pauses (connection.js), and never lose what somebody typed (composer.js).
// - What others send is text and stays text: it goes in as text, never as HTML (rows.js).

import { asText } from "./bytes.js";
import { awaited, compose, confirm, giveBackUnconfirmed } from "./composer.js";
import { keepConnected } from "./connection.js";
import { showRow } from "./rows.js";
import { isElsewhere, placeOf } from "./server.js";
import { offerWire } from "./wire.js";

const myId = Date.now();
document.getElementById("ws-id").textContent = myId;

const connection = keepConnected(placeOf(`/ws/${myId}`, myId), {
  received(data) {
    const line = asText(data); // only somebody's own server sends bytes
    // That one may send back what it got, and no more.
    if (line.startsWith("You wrote: ") || (isElsewhere() && line === awaited())) confirm();
    showRow(kindOf(line), line);
  },
  ended: giveBackUnconfirmed,
});
compose(connection);
offerWire(connection, 126);

function kindOf(line) {
  if (line.startsWith("You wrote: ")) return "receipt";
  if (line.startsWith(`Client #${myId} says: `)) return "own";
  return /^Client #-?\d+ (?!says: )/.test(line) ? "notice" : "other"; // what a farewell says, --farewell decides
}
