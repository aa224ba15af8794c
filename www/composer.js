// The form in which one writes (#form, #text and #hint), and what was sent but not heard of yet.
//
// Nothing that somebody typed is lost: without a connection it stays in the input, and what the server
// has not confirmed when a connection ends comes back to it.

const [form, text, hint] = ["form", "text", "hint"].map((id) => document.getElementById(id));

const unconfirmed = []; // sent, and no sign of its arrival yet; the oldest first

// Sends over this connection what is typed, written as `encode` says. That may be null: then it has said what is
// wrong with it, and nothing is sent.
export function compose(connection, encode = (typed) => typed) {
  form.addEventListener("submit", (event) => {
    event.preventDefault(); // or the browser would load the page anew
    if (text.value.trim() === "") return; // nobody would see it
    if (!connection.isOpen()) {
      // True also later, when there is one again.
      tell("Not sent yet. Your text is kept.");
      connection.tryNow();
      return;
    }
    const data = encode(text.value);
    if (data === null) return;
    connection.send(data);
    unconfirmed.push(text.value);
    text.value = "";
    tell("");
  });
}

text.addEventListener("input", () => tell(""));

// Says this below the input, until somebody types.
export function tell(words) {
  hint.textContent = words;
}

// What is to be confirmed next: the server keeps each sender's order.
export function awaited() {
  return unconfirmed[0];
}

export function confirm() {
  unconfirmed.shift();
}

// send() only hands the text to the browser. Whether it arrived, the server's answer tells.
export function giveBackUnconfirmed() {
  if (unconfirmed.length === 0) return;
  text.value = [...unconfirmed.splice(0), text.value].join(" ").trimEnd();
  tell("The connection ended before this was confirmed. It may not have arrived.");
}
