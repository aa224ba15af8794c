// The rooms page: who hears whom, whose message is whose, and how one gets into a room.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Server, until } from "./harness.mjs";
import { faults } from "./looks.mjs";

/** So many tabs in one room, in one window. */
async function roomTabs(bench, count, address = "#lobby") {
  const context = await bench.window();
  const tabs = [];
  while (tabs.length < count) tabs.push(await bench.roomTab(context, address));
  return tabs;
}

/** Who runs this in a tab hears what others send to the room, and can send anything there. */
function guest(tab, path = "/ws/chat/lobby/") {
  return tab.page.evaluate(async (path) => {
    const socket = new WebSocket(`ws://${location.host}${path}`);
    await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
    window.guest = socket;
  }, path);
}

const guestSends = (tab, ...texts) => tab.page.evaluate((texts) => texts.forEach((text) => window.guest.send(text)), texts);

/** Red, green and blue of the row's ground. */
const ground = (row) => row.evaluate((element) => getComputedStyle(element).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number));

const title = (tab) => tab.page.title();

export default {
  async "rooms: own messages are green and on the right, others' red and on the left, another room hears nothing"(bench) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await bench.window({ colorScheme, reducedMotion: "reduce" });
      const [one, two] = [await bench.roomTab(context, "#lobby"), await bench.roomTab(context, "#lobby")];
      const elsewhere = await bench.roomTab(context, "#Lobby");
      await one.say("mine");
      await two.shows("received: mine");
      await two.say("yours");
      await one.shows("sent: mine", "received: yours");
      await two.shows("received: mine", "sent: yours");
      const [sent, received] = [one.rows.nth(0), one.rows.nth(1)];
      const [[r1, g1, b1], [r2, g2, b2]] = [await ground(sent), await ground(received)];
      assert.ok(g1 > r1 + 20 && g1 > b1 + 20, `green: ${[r1, g1, b1]}`);
      assert.ok(r2 > g2 + 20 && r2 > b2 + 20, `red: ${[r2, g2, b2]}`);
      const [left, right] = [await received.boundingBox(), await sent.boundingBox()];
      assert.ok(left.x < right.x && left.x + left.width < right.x + right.width, "not told apart by colour alone");
      assert.deepEqual(await one.rows.locator(".name").allTextContents(), ["You", "Somebody"]);
      // What it sends itself would have to come behind what it heard from the others.
      await elsewhere.say("echo");
      await elsewhere.shows("sent: echo");
      for (const tab of [one, two, elsewhere]) await tab.page.close();
    }
  },

  async "rooms: who says the same at the same moment sees one row of its own and one of the other's"(bench) {
    const [one, two] = await roomTabs(bench, 2);
    bench.server.signal("SIGSTOP"); // so that all is said before anything is heard
    await one.say("same");
    await two.say("same");
    await two.say("two");
    await one.say("one");
    await one.say("two");
    bench.server.signal("SIGCONT");
    for (const [tab, expected] of [
      [one, ["received: same", "received: two", "sent: one", "sent: same", "sent: two"]],
      [two, ["received: one", "received: same", "received: two", "sent: same", "sent: two"]],
    ]) await until("five rows", async () => (await tab.lines()).sort(), expected);
    // Nothing is left over that a later message could be taken for.
    await two.say("one");
    await until("the last row", async () => (await one.lines()).at(-1), "received: one");
    await until("the last row", async () => (await two.lines()).at(-1), "sent: one");
  },

  async "rooms: another's message is not mine because I will say the same"(bench) {
    // The server is this test: it decides what is heard first.
    const context = await bench.window();
    await context.routeWebSocket(/\/ws\/chat\//, (socket) => {
      const heard = (message) => socket.send(JSON.stringify({ type: "chat", message }));
      let count = 0;
      socket.onMessage(() => {
        count += 1;
        if (count === 3) ["c", "b", "a", "b", "c", "a"].forEach(heard);
      });
    });
    const tab = await bench.roomTab(context);
    for (const text of ["a", "b", "c"]) await tab.say(text);
    await tab.shows("received: c", "received: b", "sent: a", "sent: b", "sent: c", "received: a");
  },

  async "rooms: text stays text, and what is not text is shown as JSON"(bench) {
    const [one, two] = await roomTabs(bench, 2);
    const nasty = `<b>x</b><img src=x onerror="window.broken=1"><script>window.broken=1</script>&amp;`;
    const texts = [nasty, "  two  spaces  ", "🚀 naïve 你好", "\"quoted\" \\ and {\"message\": 1}", "w".repeat(70_000)];
    for (const text of texts) await one.say(text);
    await one.shows(...texts.map((text) => `sent: ${text}`));
    await two.shows(...texts.map((text) => `received: ${text}`));
    for (const { page, rows } of [one, two]) {
      assert.equal(await rows.locator("*").locator("*").count(), 0);
      assert.equal(await page.evaluate(() => window.broken), undefined);
    }
    await guest(two);
    const digits = "123456789012345678901234567890";
    await guestSends(two, `{"message": {"a": [1, null]}}`, `{"message": ""}`, `{"message": false, "x": 1}`, `{"message":${digits}}`);
    const shown = [`received: {"a": [1, null]}`, "received: ", "received: false", `received: ${digits}`];
    await until("what is not text", async () => (await one.lines()).slice(texts.length), shown);
  },

  async "rooms: the address names the room, the lobby when it names none"(bench) {
    const context = await bench.window();
    for (const [address, room] of [["", "lobby"], ["#", "lobby"], ["#Room_42", "Room_42"], ["#not%20a%20room", "lobby"], [`#${"x".repeat(95)}`, "lobby"]]) {
      let path;
      const page = await context.newPage();
      page.on("websocket", (socket) => (path = new URL(socket.url()).pathname));
      await page.goto(`${bench.server.url}/rooms.html${address}`);
      await until("a connection", () => page.locator("#state").innerText(), "Connected");
      assert.equal(path, `/ws/chat/${room}/`, address);
      assert.equal(await page.locator("#room").inputValue(), room);
      assert.equal(page.url(), `${bench.server.url}/rooms.html#${room}`);
      assert.equal(await page.title(), `${room} · Rooms · ws101`);
      assert.equal(await page.locator("#link").evaluate((link) => link.href), page.url());
      await page.close();
    }
  },

  async "rooms: entering another room leaves this one, and Back leads back"(bench) {
    const [one, two] = await roomTabs(bench, 2);
    await one.say("before");
    await two.shows("received: before");
    await one.enters("Kitchen");
    await one.shows();
    assert.equal(await title(one), "Kitchen · Rooms · ws101");
    assert.equal(await one.page.evaluate(() => document.activeElement.id), "text");
    await two.say("in the lobby");
    await one.say("in the kitchen");
    await one.shows("sent: in the kitchen");
    await two.shows("received: before", "sent: in the lobby");

    await one.page.goBack();
    await until("the room", () => one.room.inputValue(), "lobby");
    await one.isConnected();
    await one.shows();
    await one.say("back");
    await one.shows("sent: back");
    await two.shows("received: before", "sent: in the lobby", "received: back");
  },

  async "rooms: a name that no room can have is not entered"(bench) {
    const [tab] = await roomTabs(bench, 1);
    for (const name of ["", "two words", "a/b", "é", "a-b"]) {
      await tab.room.fill(name);
      await tab.enter.click();
      assert.equal(await tab.room.evaluate((input) => input.validity.valid), false, name);
      assert.equal(new URL(tab.page.url()).hash, "#lobby", name);
    }
    await tab.room.fill("x".repeat(94));
    assert.equal(await tab.room.evaluate((input) => [input.validity.valid, input.maxLength].join()), "true,94");
    await tab.say("still here");
    await tab.shows("sent: still here");
  },

  async "rooms: an address that names no room leads nowhere, and the page says so"(bench) {
    const [tab] = await roomTabs(bench, 1, "#kitchen");
    await tab.say("still here");
    await tab.shows("sent: still here");
    for (const hash of ["#my-room", `#${"x".repeat(95)}`, "#a/b", "#%6bitchen2"]) {
      await tab.page.evaluate((hash) => (location.hash = hash), hash);
      const said = /^No room has a name like that .* You are in kitchen\.$/;
      await until(`the hint after ${hash}`, async () => said.test(await tab.hint.innerText()));
      await until("the address", () => new URL(tab.page.url()).hash, "#kitchen");
      await tab.input.press("x");
      await tab.input.fill(""); // what one types takes the hint away, so the next one is new
      await tab.shows("sent: still here");
    }
    assert.equal(await tab.room.inputValue(), "kitchen");
    await tab.enters("pantry");
    assert.equal(await tab.hint.innerText(), "", "what was said of the address is over");
    const page = await bench.contexts[0].newPage();
    await page.goto(`${bench.server.url}/rooms.html#my-room`);
    await until("the hint", async () => /You are in lobby\.$/.test(await page.locator("#hint").innerText()));
  },

  async "rooms: the page says where one is while another name is typed; Escape gives it back; spaces are no part of it"(bench) {
    const [tab] = await roomTabs(bench, 1, "#kitchen");
    const placeholder = () => tab.input.getAttribute("placeholder");
    await tab.room.fill("pan");
    assert.equal(await placeholder(), "Message to kitchen");
    await tab.room.press("Escape");
    assert.equal(await tab.room.inputValue(), "kitchen");
    assert.equal(await tab.page.evaluate(() => document.activeElement.id), "text");
    for (const typed of ["pantry ", " pantry"]) {
      await tab.room.fill(typed);
      await tab.room.press("Enter");
      await tab.isIn("pantry");
      await until("the name of the room", () => tab.room.inputValue(), "pantry");
      assert.equal(new URL(tab.page.url()).hash, "#pantry");
    }
  },

  async "rooms: after a restart of the server both are back in their room, and unconfirmed text comes back"(bench) {
    bench.serverMayVanish = true;
    const [one, two] = await roomTabs(bench, 2, "#kitchen");
    await one.say("before");
    await two.shows("received: before");
    bench.server.signal("SIGSTOP");
    await one.say("into the void");
    await bench.server.stop("SIGKILL");
    for (const tab of [one, two]) await tab.isDisconnected();
    await until("the text", () => one.input.inputValue(), "into the void");
    assert.equal(await one.hint.innerText(), "The connection ended before this was confirmed. It may not have arrived.");
    bench.server = await Server.start(bench.server.port);
    for (const tab of [one, two]) await tab.isConnected();
    await one.input.press("Enter");
    await one.shows("sent: before", "sent: into the void");
    await two.shows("received: before", "received: into the void");
  },

  async "rooms: another room is entered while the connection stands, hangs, or is lost, and one remains"(bench) {
    bench.serverMayVanish = true;
    const [tab] = await roomTabs(bench, 1);
    const choose = async (room) => {
      await tab.room.fill(room);
      await tab.enter.click();
    };
    const websockets = async () => /^ws101_websockets (\d+)$/m.exec(await (await fetch(`${bench.server.url}/metrics`)).text())[1];
    bench.server.signal("SIGSTOP"); // connections are begun, and not answered
    for (const room of ["one", "two", "three"]) {
      await choose(room);
      await until("the state", () => tab.state(), "Connecting…");
    }
    bench.server.signal("SIGCONT");
    await tab.isConnected();
    await until("one connection", websockets, "1");
    await tab.say("in the last one");
    await tab.shows("sent: in the last one");

    await bench.server.stop();
    await tab.isDisconnected();
    await choose("four");
    await until("a failure", () => tab.state(), "Disconnected");
    await tab.shows();
    bench.server = await Server.start(bench.server.port);
    const other = await bench.roomTab(bench.contexts[0], "#four");
    await tab.isConnected();
    await tab.say("and in this");
    await other.shows("received: and in this");
    await until("one connection for each", websockets, "2");
  },

  async "rooms: everything can be done with the keyboard"(bench) {
    const [tab] = await roomTabs(bench, 1);
    const { keyboard } = tab.page;
    const focused = () => tab.page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    const outlined = () => tab.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    });
    assert.equal(await focused(), "text", "the input has the focus from the start");
    await keyboard.type("Hello");
    await keyboard.press("Enter");
    await tab.shows("sent: Hello");
    for (const place of ["log", "What is this?", "wire-open", "Enter", "room", "Lab", "Echo", "Socket.IO", "Rooms", "Chat"]) {
      await keyboard.press("Shift+Tab");
      assert.equal(await focused(), place);
      assert.ok(await outlined(), place);
    }
    for (let n = 0; n < 5; n++) await keyboard.press("Tab");
    await keyboard.press("ControlOrMeta+a");
    await keyboard.type("attic");
    await keyboard.press("Enter");
    await until("the room", () => new URL(tab.page.url()).hash, "#attic");
    assert.equal(await focused(), "text");
  },

  async "rooms: names, roles, contrasts and widths hold; screenshots are written"(bench) {
    const page = await fetch(`${bench.server.url}/rooms.html`);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert.doesNotMatch(await page.text(), /https?:\/\/| style=| on[a-z]+="\w|<style|<script>/);
    const shapes = {
      light: { colorScheme: "light" },
      dark: { colorScheme: "dark" },
      phone: { viewport: { width: 360, height: 640 } },
      small: { viewport: { width: 320, height: 300 } },
    };
    for (const [name, settings] of Object.entries(shapes)) {
      const shape = { viewport: { width: 760, height: 560 }, deviceScaleFactor: 2, reducedMotion: "reduce", ...settings };
      const context = await bench.window(shape);
      const [one, two] = [await bench.roomTab(context), await bench.roomTab(context)];
      assert.deepEqual(await faults(one), [], `${name}, nothing said yet`);
      await one.say("Is somebody in this room?");
      await two.shows("received: Is somebody in this room?");
      await two.say("Yes. Yours are green, mine are red.");
      await until("the answer", async () => (await one.lines()).length, 2);
      await one.say("And on your screen it is the other way round.");
      await until("three rows", async () => (await one.lines()).length, 3);
      // In the smallest one the rows are hidden behind the edge of the list, where no contrast can be judged.
      if (name !== "small") assert.deepEqual(await faults(one), [], name);
      for (const element of [one.input, one.button, one.log, one.room, one.enter]) {
        const box = await element.boundingBox();
        assert.ok(box.y >= 0 && box.y + box.height <= shape.viewport.height, `${name}: ${JSON.stringify(box)}`);
      }
      assert.equal(await one.page.locator("#newer").isVisible(), false, `${name}: who saw the empty list sees what comes`);
      assert.equal(await one.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, name);
      await one.page.screenshot({ path: fileURLToPath(new URL(`rooms-${name}.png`, import.meta.url)) });
      for (const tab of [one, two]) await tab.page.close();
    }
    const [tab] = await roomTabs(bench, 1);
    const tree = await tab.page.locator("body").ariaSnapshot();
    for (const line of [
      /^ *- navigation "Pages":/m,
      /^ *- heading "Rooms" \[level=1\]$/m,
      /^ *- status: Connected$/m,
      /^ *- textbox "Room"/m,
      /^ *- log "Messages"/m,
      /^ *- textbox "Message to everybody"/m,
    ]) assert.match(tree, line);
  },
};
