// The chat: who sees which lines, in which order, and that text stays text.

import assert from "node:assert/strict";
import { Server, until } from "./harness.mjs";

export default {
  async "a message shows in three tabs, in the sender's first as its own"(bench) {
    const [one, two, three] = await bench.chatTabs(3);
    await one.say("Hello");
    await one.shows("You wrote: Hello", `Client #${one.id} says: Hello`);
    await two.shows(`Client #${one.id} says: Hello`);
    await three.shows(`Client #${one.id} says: Hello`);

    await two.say("Hi");
    await one.shows("You wrote: Hello", `Client #${one.id} says: Hello`, `Client #${two.id} says: Hi`);
    await two.shows(`Client #${one.id} says: Hello`, "You wrote: Hi", `Client #${two.id} says: Hi`);
    await three.shows(`Client #${one.id} says: Hello`, `Client #${two.id} says: Hi`);
  },

  async "Your ID is the time at which the page was opened, and the id of the connection"(bench) {
    const context = await bench.window();
    const before = Date.now();
    let address;
    const tab = await bench.chatTab(context, async (page) => page.on("websocket", (socket) => (address = socket.url())));
    const visible = await tab.page.locator("body").innerText();
    const [, id] = /^Your ID: (\d{13})$/m.exec(visible) ?? assert.fail(`no "Your ID: ..." in:\n${visible}`);
    assert.ok(before <= Number(id) && Number(id) <= Date.now(), `${id} is not now`);
    assert.equal(address, `${bench.server.url.replace("http:", "ws:")}/ws/${id}`);
  },

  async "Enter and Send both send, clear the input and do not reload the page"(bench) {
    const [tab] = await bench.chatTabs(1);
    let navigations = 0;
    tab.page.on("framenavigated", () => (navigations += 1));
    await tab.page.evaluate(() => (window.sameDocument = true));

    await tab.input.fill("by Enter");
    await tab.input.press("Enter");
    await until("an empty input", () => tab.input.inputValue(), "");
    await tab.input.fill("by Send");
    await tab.button.click();
    await until("an empty input", () => tab.input.inputValue(), "");

    await tab.shows(
      "You wrote: by Enter", `Client #${tab.id} says: by Enter`,
      "You wrote: by Send", `Client #${tab.id} says: by Send`,
    );
    assert.equal(navigations, 0);
    assert.equal(await tab.page.evaluate(() => window.sameDocument), true);
    assert.equal(tab.page.url(), `${bench.server.url}/`);
  },

  async "an empty input sends nothing"(bench) {
    const [tab] = await bench.chatTabs(1);
    await tab.input.press("Enter");
    await tab.button.click();
    await tab.say("after");
    await tab.shows("You wrote: after", `Client #${tab.id} says: after`);
  },

  async "HTML stays text"(bench) {
    const [one, two] = await bench.chatTabs(2);
    const nasty = `<b>x</b><img src=x onerror="window.broken=1"><script>window.broken=1</script>&amp;`;
    await one.say(nasty);
    await one.shows(`You wrote: ${nasty}`, `Client #${one.id} says: ${nasty}`);
    await two.shows(`Client #${one.id} says: ${nasty}`);
    for (const { page, rows } of [one, two]) {
      assert.equal(await rows.evaluateAll((list) => list.reduce((sum, row) => sum + row.childElementCount, 0)), 0);
      assert.equal(await page.evaluate(() => window.broken), undefined);
    }
  },

  async "any text arrives as it was: spaces, emoji, right-to-left, a long word"(bench) {
    const [one, two] = await bench.chatTabs(2);
    const texts = ["  two  spaces  ", "🚀 naïve 你好", "שלום \u202e abc", "w".repeat(70_000), "You wrote: not me"];
    for (const text of texts) await one.say(text);
    await two.shows(...texts.map((text) => `Client #${one.id} says: ${text}`));
  },

  async "own messages and others' are told apart by place, not by colour alone"(bench) {
    const [one, two] = await bench.chatTabs(2);
    await one.say("mine");
    await two.shows(`Client #${one.id} says: mine`);
    await two.say("yours");
    await one.shows("You wrote: mine", `Client #${one.id} says: mine`, `Client #${two.id} says: yours`);
    const [receipt, own, other] = await one.rows.evaluateAll((rows) => {
      const list = rows[0].parentElement.getBoundingClientRect();
      return rows.map((row) => {
        const { left, right } = row.getBoundingClientRect();
        return Math.round(left - list.left) === 0 ? "left" : Math.round(list.right - right) === 0 ? "right" : "between";
      });
    });
    assert.deepEqual({ receipt, own, other }, { receipt: "right", own: "right", other: "left" });
  },

  async "closing a tab shows the farewell exactly once in the others"(bench) {
    const [one, two, three] = await bench.chatTabs(3);
    await three.page.close();
    const farewell = `Client #${three.id} has left the chat`;
    await one.shows(farewell);
    await two.shows(farewell);
    // A second farewell would have to come before the answers to this.
    await one.say("gone?");
    await one.shows(farewell, "You wrote: gone?", `Client #${one.id} says: gone?`);
    await two.shows(farewell, `Client #${one.id} says: gone?`);
  },

  async "a farewell in other words is a notice, too"(bench) {
    await bench.server.stop();
    bench.server = await Server.start(0, "--farewell", "says goodbye: says: bye");
    const [one, two] = await bench.chatTabs(2);
    await two.page.close();
    await one.shows(`Client #${two.id} says goodbye: says: bye`);
    assert.equal(await one.rows.first().getAttribute("class"), "notice");
  },

  async "reloading a tab is a farewell and a new id"(bench) {
    const [one, two] = await bench.chatTabs(2);
    await two.page.reload();
    await two.isConnected();
    const newId = await two.page.locator("#ws-id").textContent();
    assert.notEqual(newId, two.id);
    await one.shows(`Client #${two.id} has left the chat`);
    await two.say("back");
    await one.shows(`Client #${two.id} has left the chat`, `Client #${newId} says: back`);
  },

  async "the newest 500 rows are kept, and who has scrolled up is left in peace"(bench) {
    const still = await bench.window({ reducedMotion: "reduce" }); // places are measured: nothing shall glide
    const [reader, writer] = [await bench.chatTab(still), await bench.chatTab(still)];
    const flood = (from, to) => writer.page.evaluate(async ([url, from, to]) => {
      const socket = new WebSocket(url);
      await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
      for (let n = from; n < to; n++) socket.send(`line ${n}`);
      (window.keptOpen ??= []).push(socket); // a farewell would be one row more
    }, [`${bench.server.url.replace("http", "ws")}/ws/7`, from, to]);
    const row = (n) => `Client #7 says: line ${n}`;
    const lastIs = (n) => until("the last row", async () => (await reader.lines()).at(-1), row(n));
    const atEnd = () => reader.log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2);
    const newer = reader.page.getByRole("button", { name: "New messages below" });

    await flood(0, 620);
    await lastIs(619);
    await reader.shows(...Array.from({ length: 500 }, (_, n) => row(n + 120)));
    await until("the end in sight", atEnd);
    assert.equal(await newer.isVisible(), false);

    const middle = reader.rows.filter({ hasText: row(400) });
    await middle.evaluate((element) => element.scrollIntoView({ block: "center" }));
    const place = () => middle.evaluate((element) => element.getBoundingClientRect().top);
    const before = await place();
    await flood(620, 640);
    await reader.shows(...Array.from({ length: 500 }, (_, n) => row(n + 140)));
    await newer.waitFor();
    assert.ok(Math.abs((await place()) - before) <= 2, `the row moved from ${before} to ${await place()}`);

    await newer.click();
    await until("the end in sight", atEnd);
    await newer.waitFor({ state: "hidden" });
    await flood(640, 660);
    await lastIs(659);
    await until("the end in sight", atEnd);
  },

  async "who begins to scroll up while messages come is not drawn back"(bench) {
    const reader = await bench.chatTab(await bench.window(), (page) => page.clock.install());
    const writer = await bench.chatTab(bench.contexts[0]);
    const rows = (count) => until("the rows", () => reader.rows.count(), count);
    const top = () => reader.log.evaluate((log) => log.scrollTop);
    await reader.page.clock.pauseAt(Date.now() + 3_600_000);
    for (let n = 0; n < 30; n++) await writer.say(`row ${n}`);
    await rows(30);
    await reader.page.clock.runFor(100);
    const end = await top();
    assert.ok(end > 200, "the list is longer than its window");

    await writer.say("one more"); // it is there, but the page has not moved to it: its clock stands
    await rows(31);
    assert.equal(await top(), end);
    await reader.log.evaluate((log) => (log.scrollTop -= 200));
    await reader.page.clock.runFor(100);
    assert.equal(await top(), end - 200);
    assert.ok(await reader.page.getByRole("button", { name: "New messages below" }).isVisible());
  },

  async "the FastAPI tutorial's own page, with its hard-coded localhost, chats with ours"(bench) {
    // The page of the FastAPI documentation (MIT licence) with our port for its 8000. It is opened
    // at 127.0.0.1 and asks for ws://localhost: another Origin, and still the same machine.
    const tutorial = `<!DOCTYPE html><html><head><title>Chat</title></head><body>
      <h1>WebSocket Chat</h1>
      <h2>Your ID: <span id="ws-id"></span></h2>
      <form action="" onsubmit="sendMessage(event)">
        <input type="text" id="messageText" autocomplete="off"/><button>Send</button>
      </form>
      <ul id='messages'></ul>
      <script>
        var client_id = Date.now()
        document.querySelector("#ws-id").textContent = client_id;
        var ws = new WebSocket(\`ws://localhost:${bench.server.port}/ws/\${client_id}\`);
        ws.onmessage = function(event) {
          var messages = document.getElementById('messages')
          var message = document.createElement('li')
          var content = document.createTextNode(event.data)
          message.appendChild(content)
          messages.appendChild(message)
        };
        function sendMessage(event) {
          var input = document.getElementById("messageText")
          ws.send(input.value)
          input.value = ''
          event.preventDefault()
        }
      </script></body></html>`;
    const [ours] = await bench.chatTabs(1);
    // Put in place of our page, so that it has the same Origin. Our script is held back, and our
    // policy, which forbids the script within, is off, as it is for the pages of --www DIR.
    const context = await bench.window({ bypassCSP: true });
    const page = await context.newPage();
    bench.watch(page);
    await page.route("**/chat.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
    await page.goto(bench.server.url);
    await page.setContent(tutorial);
    assert.equal(await page.evaluate("location.origin"), bench.server.url);
    await until("an open socket", () => page.evaluate("ws.readyState"), 1);
    const id = await page.locator("#ws-id").textContent();
    const lines = () => page.locator("#messages li").allTextContents();

    await page.locator("#messageText").fill("Hello");
    await page.getByRole("button", { name: "Send" }).click();
    await ours.shows(`Client #${id} says: Hello`);
    await ours.say("Welcome");
    await until("these rows", lines, ["You wrote: Hello", `Client #${id} says: Hello`, `Client #${ours.id} says: Welcome`]);
    await page.close();
    await until("the farewell", async () => (await ours.lines()).at(-1), `Client #${id} has left the chat`);
  },
};
