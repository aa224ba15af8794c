// Draws frames and heads as the server tells of them: list items, which unfold into bytes.
//
// The server has taken the bytes apart. A page with a parser of its own might disagree with it: so there is none here.

const WAYS = { C: "client to server: ", S: "server to client: " }; // and an arrow, in the style sheet
const LABELS = {
  fin: (v) => (v === "1" ? "FIN" : "no FIN"),
  rsv: (v) => (v === "0 0 0" ? "" : `RSV ${v}`),
  op: (v, { op }) => `OP ${op.toString(16)}`,
  mask: (v) => (v === "1" ? "MASK" : ""),
  len: (v) => `LEN ${v}`,
  ext: (v) => `EXT ${v}`,
  key: () => "KEY",
  code: (v) => `code ${v}`,
};
const SECTIONS = { key: "5.3", payload: "5.3", code: "5.5.1", reason: "5.5.1" }; // of RFC 6455; else 5.2

export function el(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
const span = (className, ...words) => el("span", { className }, ...words);
const button = (className, ...words) => el("button", { className, type: "button", tabIndex: -1 }, ...words);
const count = (n, one) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;
const pairs = (hex = "") => hex.match(/../g) ?? [];

// A folded item has no bytes yet: that makes a flood cheap. The event stays with its item.
export function drawEvent(event, isOpen) {
  const { n, kind, dir, title, size, reads, missing, fields, rules = [] } = event;
  const words = [span("title", title)];
  if (dir) words.unshift(span("arrow", span("visually-hidden", WAYS[dir])));
  if (n) words.unshift(span("n", `${n} `));
  const about = [count(size ?? 0, "byte"), reads && count(reads, "read"), missing && `${count(missing, "byte")} missing`];
  if (fields) words.push(span("size", ` ${about.filter(Boolean).join(", ")}`));
  const group = /^re[qs]/.test(kind) ? "handshake" : !fields ? kind : event.control ? "control" : "data";
  const item = el("li", { className: `event ${group} ${dir}`, event }, fields ? button("head", ...words) : el("p", { className: "head" }, ...words));
  if (event.hex) item.append(button("copy", "Copy"));
  for (const { id, section, words } of rules) {
    item.append(el("p", { className: "rule" }, span("bad", "!"), ` ${words} (rule ${id}, ${section})`));
  }
  if (fields) fold(item, isOpen);
  return item;
}

function fold(item, isOpen) {
  const body = item.querySelector(".body");
  item.firstChild.ariaExpanded = isOpen;
  if (body) body.hidden = !isOpen;
  else if (isOpen) item.insertBefore(el("div", { className: "body" }, ...draw(item.event)), item.querySelector(".rule"));
}

function draw(event) {
  const { hex, fields, cuts = [], gap, rules = [] } = event;
  if (hex === undefined) {
    return fields.map(({ name, v, note = "" }) => el("p", { className: "line" }, el("code", {}, v || name), " ", span("note", note)));
  }
  const isBroken = (f) => rules.some(({ k, at }) => (k ? k === f.k : !f.b && at >= f.o && at < f.o + f.l));
  const leftOut = () => span("gap", `… ${count(gap.len, "byte")} left out …`);
  const groups = [];
  for (const f of fields) {
    const { o, l, b, k, clear, clear_end: end, inflated, inflated_end: last } = f;
    const members = b ? fields.filter((other) => other.o === o) : [f];
    if (members[0] !== f) continue; // it is drawn already, with the first field of its byte
    const clears = pairs(`${clear ?? ""}${end ?? ""}`);
    const cells = bytesOf(event).filter(([i]) => i >= o && i < o + l).flatMap(([at, hex], n) => {
      // The two digits of the first byte are two groups: FIN and RSV, and the opcode.
      const digits = b && o === 0 ? [span("fin", hex[0]), span("op", hex[1])] : [hex];
      const isText = inflated === undefined && SECTIONS[k] && k !== "key";
      const char = k === "code" ? clears[n] ?? "" : isText ? charOf(clears[n] ?? hex) : "";
      const byte = button(`byte ${members.some(isBroken) ? "bad" : k}`, span("hex", ...digits), span("char", char));
      const before = [];
      if (gap && at === gap.at + gap.len) before.push(leftOut());
      if (at > 0 && cuts.includes(at)) before.push(span("cut", "|", span("visually-hidden", " new read ")));
      return [...before, Object.assign(byte, { at, hex, char, clear: clears[n] })];
    });
    if (gap && gap.at >= o && gap.at + gap.len === o + l) cells.push(leftOut());
    groups.push(group(members.map(({ name }) => name).join(", "), k, members.map((one) => {
      const words = (LABELS[one.k]?.(one.v, one) ?? one.name) + (one.clear ? ", unmasked below" : "");
      return !words ? "" : isBroken(one) ? span("bad", `! ${words}`) : span(one.k, words);
    }), cells));
    if (inflated === undefined) continue;
    groups.push(group("inflated", k, [span(k, "inflated")], [...pairs(inflated), ...(last ? ["…", ...pairs(last)] : [])]
      .map((hex) => span("byte payload", span("hex", hex), span("char", charOf(hex))))));
  }
  return groups;
}

function group(ariaLabel, kind, labels, cells) {
  return el("span", { className: "group", role: "group", ariaLabel },
    el("span", { className: "labels", ariaHidden: "true" }, ...labels), span(`cells ${kind}`, ...cells));
}

// [offset in the frame, its two digits] of each byte that is not left out.
function bytesOf({ hex, gap }) {
  return pairs(hex).map((digits, n) => [gap && n >= gap.at ? n + gap.len : n, digits]);
}

function charOf(hex) {
  const code = parseInt(hex, 16);
  return code > 31 && code < 127 ? String.fromCharCode(code) : "·";
}

function describe({ at, hex, char, clear }, { size, fields, hex: all }) {
  const bits = parseInt(hex, 16).toString(2).padStart(8, "0");
  const here = fields.filter(({ o, l }) => at >= o && at < o + l);
  const section = SECTIONS[here[0].k] ?? "5.2";
  const lines = [`byte ${at} of ${size}, counted from 0: ${hex} = ${bits.slice(0, 4)} ${bits.slice(4)} (RFC 6455 ${section})`];
  for (const { o, l, b, k, name, v, op = v, note } of here) {
    const value = v && k !== "payload" && k !== "reason" ? ` ${op.toString(16)}` : "";
    const place = l > 1 ? `, byte ${at - o} of ${l}` : "";
    lines.push(`${b ? `${b} ` : ""}${name}${value}${note ? `: ${note}` : ""}${place}`);
  }
  const said = char.length === 1 && char !== "·" ? ` "${char}"` : "";
  if (clear) {
    const key = fields.find(({ k }) => k === "key").o;
    const turn = (at - key) % 4; // the payload begins after the 4 bytes of the key
    lines.push(`${hex} ^ ${pairs(all)[key + turn]} = ${clear}${said}, with byte ${turn} of the key`);
  } else if (said) lines.push(`${hex} is${said}`);
  return lines;
}

// The bytes as `ws101 explain` reads them: all, or those at these offsets.
function notation({ dir, hex, size, gap, cuts = [] }, wanted) {
  let line = "";
  for (const [at, digits] of bytesOf({ hex, gap })) {
    if (wanted && !wanted.includes(at)) continue;
    if (line && gap && at === gap.at + gap.len) line += ` ...*${gap.len}`;
    if (line && cuts.includes(at)) line += " |";
    line += ` ${digits}`;
  }
  if (!wanted && gap && gap.at + gap.len === size) line += ` ...*${gap.len}`;
  return `${dir === "S" ? "S<" : "C>"}${line}`;
}

// Makes a list of such items usable. `detail` is where a byte is described.
export function useLog(list, detail) {
  const say = (lines) => detail.replaceChildren(...lines.map((line) => el("p", {}, line)));

  list.addEventListener("focusin", ({ target }) => {
    stopAt(list, target);
    if (target.hex) say(describe(target, target.closest("li").event));
  });

  list.addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    pressed?.focus(); // not every browser does that by itself
    if (pressed?.matches(".head")) fold(pressed.parentNode, pressed.ariaExpanded !== "true");
    if (!pressed?.matches(".copy")) return;
    // The newer way is closed to pages that come from another machine without TLS. This one wants a selection.
    getSelection().selectAllChildren(pressed);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  });

  // The bytes that are selected, or else the frame that has the focus.
  list.addEventListener("copy", (copying) => {
    const selection = getSelection();
    const chosen = selection.isCollapsed ? [] : [...list.querySelectorAll(".byte")].filter((byte) => byte.hex && selection.containsNode(byte, true));
    const items = chosen.length ? new Set(chosen.map((byte) => byte.closest("li"))) : [document.activeElement.closest("li")];
    const lines = [...items].filter((item) => item?.event.hex).map(({ event }) => (
      notation(event, chosen.length && chosen.filter((byte) => byte.closest("li").event === event).map(({ at }) => at))
    ));
    const isOther = !chosen.length && !selection.isCollapsed && !selection.containsNode(document.activeElement, true);
    if (isOther || lines.length === 0) return; // other text: the browser knows how to copy that
    copying.preventDefault();
    copying.clipboardData.setData("text/plain", lines.join("\n"));
    say(["Copied:", ...lines.map((line) => (line.length > 99 ? `${line.slice(0, 99)}…` : line))]);
  });

  list.addEventListener("keydown", (pressed) => {
    if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return;
    const to = destination(list, pressed.key, pressed.shiftKey);
    if (to === undefined) return;
    pressed.preventDefault();
    to.focus();
  });
}

// The Tab key stops once in the whole log: at this element, or at the last item if the stop is gone.
export function stopAt(list, element) {
  const old = list.querySelector(`[tabindex="0"]`);
  if (!element && old?.offsetParent) return;
  if (old) old.tabIndex = -1;
  const next = element ?? heads(list).at(-1);
  if (next) next.tabIndex = 0;
}

const heads = (list) => [...list.querySelectorAll("button.head")].filter((head) => head.offsetParent); // not hidden

function destination(list, key, withShift) {
  const here = document.activeElement;
  const item = here.closest("li");
  const head = item.firstChild;
  const all = heads(list);
  const step = /Up|Left/.test(key) ? -1 : 1;
  if (/Up|Down/.test(key)) return all[all.indexOf(head) + step] ?? here;
  if (key === "Escape") return here === head ? undefined : head;
  if (here === head) {
    if (key === "ArrowLeft" || key === "ArrowRight") fold(item, step > 0);
    return { Home: all[0], End: all.at(-1), ArrowLeft: head, ArrowRight: item.querySelector(".byte") ?? head }[key];
  }
  const bytes = [...item.querySelectorAll("button.byte")].filter((byte) => (
    !withShift || byte === here || byte === byte.parentNode.querySelector(".byte")
  ));
  const next = bytes[bytes.indexOf(here) + step] ?? (step < 0 ? head : here);
  return { Home: bytes[0], End: bytes.at(-1), ArrowLeft: next, ArrowRight: next }[key];
}
