// The wire view: the panel that shows what this browser has sent and got, byte by byte.
//
// What it shows is compared with the bytes that a relay between the tab and the server has seen.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { ChatTab, RoomTab, Server, until } from "./harness.mjs";
import { isWellMeasured } from "./measures.mjs";
import { Relay } from "./wire.mjs";

const IN_WORDS = ["send 126 bytes", "close with 4000", "server: answer in 3 fragments", "server: ping me now", "server: break a rule"];

/** In the place of the server of this bench: one that shows wires. */
export async function withWires(bench, port = 0) {
  await bench.server.stop("SIGKILL");
  bench.server = await Server.start(port, "--wire-view");
}

/** A tab with the panel open, and the handshake seen. */
async function watching(bench, { path = "/?view", window = {}, watch = true, handshake = true } = {}) {
  const context = await bench.window({ reducedMotion: "reduce", ...window });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  if (watch) bench.watch(page);
  await page.goto(bench.server.url + path);
  const tab = new (path.startsWith("/rooms") ? RoomTab : ChatTab)(page);
  await tab.isConnected();
  if (handshake) await sees(tab, ({ kind }) => kind === "response");
  return tab;
}

/** What the panel shows, from the first to the last: the events as they came. */
const shown = ({ page }) => page.locator("#wire .event").evaluateAll((items) => items.map(({ event }) => event));

/** Waits until an event like this is shown, and gives it. */
function sees(tab, isIt) {
  return until("an event", async () => {
    const events = await shown(tab);
    return events.find(isIt) ?? !events.length;
  }).then((found) => (found === true ? sees(tab, isIt) : found));
}

const words = ({ page }) => page.locator("#wire").innerText();
const says = (tab, text) => until(text, async () => (await words(tab)).includes(text));
const detail = ({ page }) => page.locator("#wire .detail").innerText();
const item = ({ page }, n) => page.locator("#wire .event").filter({ has: page.locator(".n", { hasText: new RegExp(`^${n} $`) }) });

async function experiment(tab, name) {
  const menu = tab.page.locator("#wire summary");
  const button = tab.page.getByRole("button", { name });
  if (!(await button.isVisible())) await menu.click();
  await button.click();
  if (await button.isVisible()) await menu.click();
}

/** The field of this kind. */
const field = (event, kind) => event.fields.find(({ k }) => k === kind);

/** The payload without the mask, from the bytes alone. */
function unmasked({ hex, fields }) {
  const bytes = Buffer.from(hex, "hex");
  const key = fields.find(({ k }) => k === "key").o;
  return Buffer.from(bytes.subarray(key + 4).map((byte, n) => byte ^ bytes[key + (n & 3)])).toString();
}

const text = (string) => ({ kind, dir, title }) => kind === "frame" && dir === "C" && title.includes(string);

export default {
  async "wire view: the button opens it, the page connects anew and says why, and a reload keeps it"(bench) {
    await withWires(bench);
    const tab = await bench.chatTab(await bench.window());
    const button = tab.page.locator("#wire-open");
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    await tab.page.getByRole("button", { name: "Show bytes" }).click();
    await says(tab, "The page has reconnected, to show the handshake.");
    const request = await sees(tab, ({ kind }) => kind === "request");
    const response = await sees(tab, ({ kind }) => kind === "response");
    assert.match(request.fields[0].v, new RegExp(`^GET /ws/${tab.id}`));
    assert.match(response.fields[0].v, / 101 /);
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    assert.equal(await button.textContent(), "Hide bytes");
    assert.equal(new URL(tab.page.url()).search, "?view");
    // Its lines, each with what it is for.
    await tab.page.locator("#wire .handshake").first().getByRole("button").first().click();
    await says(tab, "the name by which the client has reached the server");

    await button.click();
    assert.equal(await tab.page.locator("#wire").isVisible(), false);
    assert.equal(new URL(tab.page.url()).search, "");
    await button.click();
    await tab.page.reload();
    await sees(tab, ({ kind }) => kind === "response");
    await tab.isConnected();
    await tab.say("Hello");
    await until("the chat beside it", async () => (await tab.lines())[0], "You wrote: Hello");
  },

  async "wire view: a frame has the bytes and the mask of the wire, and unmasking gives what was typed"(bench) {
    await withWires(bench);
    const relay = await Relay.before(bench);
    const tab = await watching(bench);
    await tab.say("Hello");
    const frame = await sees(tab, text("Hello"));
    assert.equal(unmasked(frame), "Hello", "it is not compressed: one could not see the text in it");
    const wire = Buffer.concat(relay.connections.flatMap(({ fromTab }) => fromTab));
    assert.ok(wire.includes(Buffer.from(frame.hex, "hex")), "the relay has seen these bytes");
    const drawn = item(tab, frame.n);
    assert.deepEqual((await drawn.locator(".byte .hex").allTextContents()).join(""), frame.hex);
    assert.equal((await drawn.locator(".byte .char").allTextContents()).join(""), "Hello");
    assert.deepEqual(await drawn.locator(".labels").evaluateAll((all) => all.map((labels) => labels.innerText.trim().replace(/\s+/g, " "))),
      ["FIN OP 1", "MASK LEN 5", "KEY", "payload, unmasked below"]);
    assert.match(await drawn.locator(".head").innerText(), /client to server.*11 bytes, 1 read/s);
    const answer = await sees(tab, ({ dir, title }) => dir === "S" && title.includes("You wrote: Hello"));
    assert.equal(Buffer.from(answer.hex.slice(4), "hex").toString(), "You wrote: Hello");
  },

  async "wire view: with the keyboard alone from the input to a byte, its bits and its mask"(bench) {
    await withWires(bench);
    const tab = await watching(bench, { window: { viewport: { width: 1200, height: 800 } } });
    const { keyboard } = tab.page;
    await tab.say("Hello");
    const frame = await sees(tab, text("Hello"));
    await sees(tab, ({ title }) => title.includes("says: Hello"));
    const focused = () => tab.page.evaluate(() => document.activeElement.at ?? document.activeElement.className);
    await tab.input.focus();
    for (let n = 0; n < 12 && (await focused()) !== "head"; n++) await keyboard.press("Tab");
    assert.equal(await focused(), "head", "the log is one stop");
    const isHere = () => item(tab, frame.n).evaluate((here) => here.contains(document.activeElement));
    await keyboard.press("End");
    for (let n = 0; n < 9 && !(await isHere()); n++) await keyboard.press("ArrowUp");
    assert.ok(await isHere());
    assert.equal(await focused(), "head");
    await keyboard.press("Enter");
    await keyboard.press("Enter"); // folds and unfolds
    await keyboard.press("ArrowRight");
    assert.equal(await focused(), 0);
    assert.match(await detail(tab), /^byte 0 of 11, counted from 0: 81 = 1000 0001/);
    await keyboard.press("ArrowRight");
    assert.deepEqual((await detail(tab)).split("\n").filter(Boolean), [
      "byte 1 of 11, counted from 0: 85 = 1000 0101 (RFC 6455 5.2)", `1....... MASK 1: ${field(frame, "mask").note}`, ".0000101 payload length 5",
    ]);
    await keyboard.press("Shift+ArrowRight");
    assert.equal(await focused(), 2);
    await keyboard.press("Shift+ArrowRight");
    assert.equal(await focused(), 6);
    const [key, first] = [frame.hex.slice(4, 6), frame.hex.slice(12, 14)];
    assert.ok((await detail(tab)).includes(`${first} ^ ${key} = 48 "H", with byte 0 of the key`), await detail(tab));
    await keyboard.press("End");
    assert.equal(await focused(), 10);
    assert.ok((await detail(tab)).includes(`${frame.hex.slice(20, 22)} ^ ${key} = 6f "o"`), await detail(tab));
    await keyboard.press("Shift+ArrowLeft");
    assert.equal(await focused(), 6);
    await keyboard.press("Home");
    assert.equal(await focused(), 0);
    await keyboard.press("Escape");
    assert.equal(await focused(), "head");
    await keyboard.press("ArrowLeft");
    assert.equal(await item(tab, frame.n).locator(".body").isVisible(), false);
    assert.equal(await tab.page.locator(`#wire .events [tabindex="0"]`).count(), 1);
  },

  async "wire view: copied bytes are a line that explain takes, all of a frame or those that are selected"(bench) {
    await withWires(bench);
    const tab = await watching(bench);
    await tab.say("Hello");
    const frame = await sees(tab, text("Hello"));
    const copied = () => tab.page.evaluate(() => navigator.clipboard.readText());
    const pairs = frame.hex.match(/../g);
    await item(tab, frame.n).getByRole("button", { name: "Copy" }).click();
    assert.equal(await copied(), `C> ${pairs.join(" ")}`);
    const told = spawnSync(process.env.WS101_BIN, ["explain", "--short"], { input: await copied() });
    assert.equal(told.status, 0, `${told.stderr}`);
    assert.match(`${told.stdout}`, /"Hello"/);
    await item(tab, frame.n).evaluate((here) => {
      const bytes = here.querySelectorAll(".byte");
      getSelection().setBaseAndExtent(bytes[2], 0, bytes[5], bytes[5].childNodes.length);
    });
    await tab.page.keyboard.press("Control+c");
    assert.equal(await copied(), `C> ${pairs.slice(2, 6).join(" ")}`);
    await tab.page.evaluate(() => getSelection().removeAllRanges());
    await item(tab, frame.n).locator(".byte").first().focus();
    await tab.page.keyboard.press("Control+c");
    assert.equal(await copied(), `C> ${pairs.join(" ")}`);
  },

  async "wire view: 126 bytes on each page: LEN says 126, and EXT the length"(bench) {
    await withWires(bench);
    for (const path of ["/?view", "/rooms.html?view#lobby", "/socketio.html?view"]) {
      const tab = await watching(bench, { path });
      await until("a WebSocket", async () => !/polling/.test(await tab.page.locator("#transport").allInnerTexts()));
      await tab.input.fill("a draft");
      await experiment(tab, "send 126 bytes");
      const frame = await sees(tab, text("****"));
      assert.deepEqual([field(frame, "len").v, field(frame, "ext").v, frame.size], ["126", "126", 134], path);
      assert.equal(await tab.input.inputValue(), "a draft");
    }
  },

  async "wire view: a ping is answered, and three fragments are one message"(bench) {
    await withWires(bench);
    const tab = await watching(bench);
    await experiment(tab, "server: ping me now");
    const ping = await sees(tab, ({ dir, title }) => dir === "S" && /^ping/.test(title));
    const pong = await sees(tab, ({ dir, title }) => dir === "C" && /^pong/.test(title));
    assert.equal(unmasked(pong), Buffer.from(ping.hex.slice(4), "hex").toString());
    const before = (await tab.lines()).length;
    await experiment(tab, "server: answer in 3 fragments");
    await until("one message", async () => (await tab.lines()).length, before + 1);
    const parts = await until("three frames", async () => {
      const frames = (await shown(tab)).filter(({ kind, dir, control }) => kind === "frame" && dir === "S" && !control).slice(-3);
      return frames.length === 3 && field(frames[2], "fin").v === "1" && frames;
    });
    assert.deepEqual(parts.map((frame) => field(frame, "fin").v), ["0", "0", "1"]);
    assert.deepEqual(parts.map((frame) => field(frame, "op").v), ["text", "continuation", "continuation"]);
    const payload = parts.map(({ hex }) => Buffer.from(hex.slice(4), "hex").toString()).join("");
    assert.ok((await tab.lines()).at(-1).includes(payload));
  },

  async "wire view: close with 4000 is seen both ways, and the log goes on with another connection"(bench) {
    await withWires(bench);
    const tab = await watching(bench);
    await experiment(tab, "close with 4000");
    await sees(tab, ({ dir, title }) => dir === "C" && title.includes("4000"));
    await sees(tab, ({ dir, title }) => dir === "S" && title.includes("close"));
    await sees(tab, ({ kind }) => kind === "end");
    await says(tab, "The page reconnects: another connection, another id.");
    await tab.isConnected();
    await until("the second handshake", async () => (await shown(tab)).filter(({ kind }) => kind === "response").length, 2);
    await tab.say("again");
    await sees(tab, text("again"));
  },

  async "wire view: the server breaks a rule, the browser notices, and the page connects again"(bench) {
    await withWires(bench);
    bench.serverMayVanish = true; // the browser complains on the console, as it should
    const tab = await watching(bench);
    await experiment(tab, "server: break a rule");
    const masked = await sees(tab, ({ dir, rules }) => dir === "S" && rules?.length > 0);
    assert.equal(field(masked, "mask").v, "1");
    const drawn = item(tab, masked.n);
    assert.ok((await drawn.locator(".rule").innerText()).includes(`rule ${masked.rules[0].id}, ${masked.rules[0].section}`));
    assert.ok(await drawn.locator(".byte.bad").count() > 0);
    assert.match(await drawn.locator(".labels .bad").first().innerText(), /^! /);
    await sees(tab, ({ kind }) => kind === "end");
    await says(tab, "The page reconnects");
    await tab.isConnected();
    await tab.say("still here");
    await sees(tab, text("still here"));
  },

  async "wire view: experiments are for a connection that is watched and open"(bench) {
    await withWires(bench);
    const tab = await watching(bench, { watch: false });
    await tab.page.locator("#wire summary").click();
    for (const name of IN_WORDS) {
      const button = tab.page.getByRole("button", { name });
      await until(`${name} is enabled`, () => button.isEnabled());
      const id = await button.getAttribute("aria-describedby");
      assert.match(await tab.page.locator(`#${id}`).innerText(), /Watch\b/, name);
    }
    // Who has scrolled up to read is brought to the end, where it happens.
    for (let n = 0; n < 8; n++) await tab.say(`row ${n}`);
    const events = tab.page.locator("#wire .events");
    await sees(tab, text("row 7"));
    await events.evaluate((list) => (list.scrollTop = 0));
    await tab.page.getByRole("button", { name: IN_WORDS[3] }).click();
    await sees(tab, ({ title }) => title.startsWith("pong"));
    await until("the end", () => events.evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 2));
    await tab.page.locator("#wire summary").click();
    await bench.server.stop();
    await until("disabled", () => tab.page.getByRole("button", { name: IN_WORDS[0] }).isDisabled());
  },

  async "wire view: filters hide kinds, Pause holds, Clear empties"(bench) {
    await withWires(bench);
    const tab = await watching(bench);
    await tab.say("Hello");
    await sees(tab, text("Hello"));
    const visible = (kind) => tab.page.locator(`#wire .event.${kind}`).first().isVisible();
    for (const kind of ["handshake", "data"]) {
      assert.ok(await visible(kind), kind);
      await tab.page.getByRole("checkbox", { name: kind }).uncheck();
      assert.equal(await visible(kind), false, kind);
      await tab.page.getByRole("checkbox", { name: kind }).check();
    }
    await tab.page.getByRole("button", { name: "Pause" }).click();
    await tab.page.getByRole("button", { name: "Clear" }).click();
    assert.deepEqual(await shown(tab), []);
    await tab.say("later");
    await until("the chat", async () => (await tab.lines()).at(-1).includes("later"));
    await tab.page.getByRole("button", { name: "Go on" }).click();
    await sees(tab, text("later"));
  },

  async "wire view: two tabs never see each other's frames"(bench) {
    await withWires(bench);
    const [one, two] = [await watching(bench), await watching(bench)];
    await one.say("from one");
    await two.say("from two");
    await sees(one, ({ title }) => title.includes("from two"));
    await sees(two, ({ title }) => title.includes("from one"));
    await sees(one, text("from one"));
    await sees(two, text("from two"));
    assert.deepEqual((await shown(one)).filter(text("from two")), []);
    assert.deepEqual((await shown(two)).filter(text("from one")), []);
  },

  async "wire view: with the server stopped it says so, keeps what it shows, and goes on when it is back"(bench) {
    await withWires(bench);
    const tab = await watching(bench, { watch: false });
    await tab.say("before");
    await sees(tab, text("before"));
    const { port } = bench.server;
    await bench.server.stop();
    await tab.isDisconnected();
    await says(tab, "The server does not answer.");
    await sees(tab, text("before"));
    bench.server = await Server.start(port, "--wire-view");
    await tab.isConnected();
    await tab.say("after");
    await sees(tab, text("after"));
    assert.equal(await tab.page.locator("#wire .status").innerText(), "");
  },

  async "wire view: a server without --wire-view: the panel says what to do, and the chat goes on"(bench) {
    const tab = await watching(bench, { watch: false, handshake: false });
    await says(tab, "This server was started without --wire-view.");
    await tab.say("Hello");
    await until("the chat", async () => (await tab.lines()).length, 2);
  },

  async "wire view: 32 are watched already, or the page talks to another server: the panel says which"(bench) {
    await withWires(bench);
    const settings = { watch: false, handshake: false };
    const other = `${bench.server.url.replace("http", "ws")}/ws/`;
    const elsewhere = await watching(bench, { ...settings, path: `/?view&server=${other}` });
    await says(elsewhere, "This page talks to another server.");
    assert.equal(new URL(elsewhere.page.url()).search, `?server=${other}&view`);
    const holder = await bench.chatTab(await bench.window());
    await holder.page.evaluate(async (url) => {
      window.held = [];
      for (let n = 0; n < 32; n++) {
        const socket = new WebSocket(`${url}/wire?id=${String(n).padStart(32, "0")}`);
        await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
        window.held.push(socket);
      }
    }, bench.server.url.replace("http", "ws"));
    const late = await watching(bench, settings);
    await says(late, "The server watches 32 connections already.");
    await late.say("Hello");
    await until("the chat", async () => (await late.lines()).length, 2);
    // When there is room again, the button tries again.
    await holder.page.evaluate(() => window.held[0].close());
    await late.page.locator("#wire-open").click();
    await late.page.locator("#wire-open").click();
    await sees(late, ({ kind }) => kind === "response");
  },

  async "wire view: in a flood the page stays usable, keeps 500 events and says how many are gone"(bench) {
    await withWires(bench);
    const tab = await watching(bench);
    const writer = await bench.chatTab(bench.contexts[0]);
    await writer.page.evaluate(async (url) => {
      const socket = new WebSocket(url);
      await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
      for (let n = 0; n < 20_000; n++) socket.send(`line ${n}`);
      window.keptOpen = socket;
    }, `${bench.server.url.replace("http", "ws")}/ws/7`);
    await tab.say("in the flood");
    await until("the end of it", async () => (await tab.lines()).some((line) => line.includes("line 19999")));
    await until("some are gone", async () => {
      const events = await shown(tab);
      return events.some(({ kind }) => kind === "lost") || /older events are not shown/.test(await words(tab));
    });
    assert.ok((await shown(tab)).length <= 500);
    await tab.page.getByRole("button", { name: "Clear" }).click();
    await tab.say("afterwards");
    await sees(tab, text("afterwards"));
  },

  async "wire view: who reads a byte is left in peace"(bench) {
    await withWires(bench);
    const tab = await watching(bench);
    await tab.say("Hello");
    const frame = await sees(tab, text("Hello"));
    for (let n = 0; n < 5; n++) await tab.say(`row ${n}`);
    await sees(tab, ({ title }) => title.includes("says: row 4"));
    const list = tab.page.locator("#wire .events");
    const byte = item(tab, frame.n).locator(".byte").first();
    await byte.focus();
    const place = await list.evaluate(({ scrollTop }) => scrollTop);
    for (let n = 5; n < 9; n++) await tab.page.evaluate((n) => { // the focus stays where it is
      document.getElementById("text").value = `row ${n}`;
      document.getElementById("form").requestSubmit();
    }, n);
    await sees(tab, ({ title }) => title.includes("says: row 8"));
    assert.equal(await list.evaluate(({ scrollTop }) => scrollTop), place);
    assert.ok(await byte.evaluate((here) => here === document.activeElement));
    await tab.input.focus();
    await list.evaluate((here) => (here.scrollTop = here.scrollHeight));
    await tab.say("the last");
    await sees(tab, ({ title }) => title.includes("says: the last"));
    await until("the end in sight", () => list.evaluate((here) => here.scrollHeight - here.scrollTop - here.clientHeight < 2));
  },

  async "wire view: on all pages, light and dark, phone and desk: no faults, nothing too wide or too small"(bench) {
    await withWires(bench);
    for (const path of ["/?view", "/rooms.html?view", "/socketio.html?view"]) {
      for (const colorScheme of ["light", "dark"]) {
        for (const viewport of [{ width: 360, height: 640 }, { width: 1200, height: 800 }]) {
          const tab = await watching(bench, { path, window: { colorScheme, viewport } });
          const where = `${path} ${colorScheme} ${viewport.width}`;
          await until("a WebSocket", async () => !/polling/.test(await tab.page.locator("#transport").allInnerTexts()));
          await tab.say("Hello");
          await sees(tab, text("Hello"));
          await tab.page.locator("#wire .handshake .head").first().click();
          await isWellMeasured(tab, where);
          await tab.page.locator("#wire summary").click();
          // What is behind the menu cannot be judged.
          await tab.page.evaluate(() => (document.querySelector("#wire .events").style.visibility = "hidden"));
          await isWellMeasured(tab, `${where}, menu`, "#wire details");
          await tab.page.context().close();
          bench.contexts.pop();
        }
      }
    }
  },
};
