// The button that shows the wire view (panel.js), which is loaded only when somebody wants to see it.
//
// ?view in the address shows it at once: so a reload keeps it, and a teacher can send a link.

// `connection` is what keepConnected gives. A text of `length` characters makes a frame with 126 bytes of payload.
export function offerWire(connection, length) {
  const [opener, chat, hint] = ["#wire-open", ".chat", "#hint"].map((name) => document.querySelector(name));
  if (!opener) return; // the server was built without it
  let panel;

  async function show(is) {
    opener.ariaExpanded = is;
    opener.textContent = `${is ? "Hide" : "Show"} bytes`;
    chat.classList.toggle("with-wire", is);
    const kept = location.search.slice(1).split("&").filter((part) => part && part !== "view").concat(is ? "view" : []);
    history.replaceState(null, "", `${location.pathname}${kept.length ? "?" : ""}${kept.join("&")}${location.hash}`);
    if (!is) return;
    try {
      panel ??= (await import("./panel.js")).wirePanel(connection, length);
      panel();
    } catch {
      hint.textContent = "The server does not answer. Load the page anew when it is back.";
      show(false);
    }
  }

  opener.addEventListener("click", () => show(opener.ariaExpanded !== "true"));
  if (/[?&]view(&|$)/.test(location.search)) show(true);
}
