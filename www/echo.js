// The echo page: what is sent comes back.

import { compose, confirm, giveBackUnconfirmed } from "./composer.js";
import { addressOf, keepConnected } from "./connection.js";
import { showRow } from "./rows.js";

document.getElementById("address").textContent = addressOf("/echo");

compose(keepConnected("/echo", {
  received(data) {
    confirm();
    showRow("other", data);
  },
  ended: giveBackUnconfirmed,
}));
