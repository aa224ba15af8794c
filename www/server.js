// Which server the page talks to: its own or, with ?server=ws://127.0.0.1:9000/ws/, one that somebody builds.
//
// A link could send a visitor's words to any place in the world: so the other server may only be on the
// visitor's own machine, or in the own network. The browser's parser reads the address, and what it made of it is
// looked at and used: 0x7f.1 and 2130706433 are 127.0.0.1 by then, in any spelling.

// Gives { address }, or { refused }: why not, in words.
export function serverOf(text) {
  const url = parsed(text);
  if (url === null) return { refused: "this is not the address of a server" };
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return { refused: "the address must begin with ws:// or wss://" };
  if (url.username !== "" || url.password !== "") return { refused: "there must be no name or password in the address" };
  if (url.href.includes("#")) return { refused: "the address must not have a part behind #" };
  if (!isNear(url.hostname)) return { refused: "only a server on this machine or in your own network may be used here" };
  return { address: url.href };
}

function parsed(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

// Whether this is a loopback, private or link-local address, or a name for one.
function isNear(host) {
  if (host.startsWith("[")) return isNearV6(host.slice(1, -1));
  const v4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host); // each part is below 256: it has been parsed
  if (v4 === null) return host === "localhost" || /^([^.]+\.)+local$/.test(host);
  const [a, b] = [Number(v4[1]), Number(v4[2])];
  return a === 127 || a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254);
}

function isNearV6(host) {
  const first = parseInt(host, 16); // up to the first colon; none before "::"
  return host === "::1" || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80;
}

// What to connect to: `path` on the page's own server, or the other server with `tail` behind its path. It is null
// where that is refused. The bar (#server) says which.
export function placeOf(path, tail = "") {
  const text = chosen();
  if (text === null) return path;
  const { address, refused } = serverOf(text);
  const link = document.createElement("a");
  link.href = `${location.pathname}${location.hash}`;
  link.textContent = "Back to the page’s own server";
  const bar = document.getElementById("server");
  bar.hidden = false;
  if (refused !== undefined) {
    bar.classList.add("refused");
    bar.replaceChildren(`Not connected to “${text.slice(0, 200)}”: ${refused}. `, link);
    return null;
  }
  const url = new URL(address);
  url.pathname += tail;
  bar.replaceChildren(`This page talks to another server: ${url.href}. `, link);
  return url.href;
}

export const isElsewhere = () => chosen() !== null;

const chosen = () => new URLSearchParams(location.search).get("server");
