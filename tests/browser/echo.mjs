// The echo page: text and bytes, the echo and topics, where one is, and what happens when the server goes away.

import assert from "node:assert/strict";
import { Server, until } from "./harness.mjs";

const TIME = / after \d+\.\d ms$/;

/** All rows as `Came back: text, 5 bytes, after … ms | Hello`. */
const rows = (tab) => tab.rows.evaluateAll((rows) => rows.map((row) => (
  `${row.querySelector(".name").textContent.replace(/\d+\.\d ms$/, "… ms")} | ${row.querySelector(".said").textContent}`
)));

const show = (tab, ...expected) => until("these rows", () => rows(tab), expected);

const choose = (tab, as) => tab.page.getByLabel("Send as").selectOption(as);
const address = (tab) => tab.page.locator("#address").innerText();
const hash = (tab) => new URL(tab.page.url()).hash;
const ws = (bench, path) => bench.server.url.replace("http:", "ws:") + path;

export default {
  async "echo: text and bytes come back with their length and the time they took"(bench) {
    const tab = await bench.echoTab(await bench.window());
    assert.equal(await address(tab), ws(bench, "/echo"));
    const nasty = "<b>x</b><script>window.broken=1</script>";
    await tab.say(nasty);
    await tab.say("é 🚀");
    await choose(tab, "hex");
    await tab.say("81 05 48");
    await tab.say("FF00 ff");
    await show(
      tab,
      `Came back: text, 40 bytes, after … ms | ${nasty}`,
      "Came back: text, 7 bytes, after … ms | é 🚀",
      "Came back: binary, 3 bytes, after … ms | 81 05 48",
      "Came back: binary, 3 bytes, after … ms | ff 00 ff",
    );
    assert.match(await tab.rows.first().locator(".name").innerText(), TIME);
    assert.equal(await tab.page.evaluate(() => window.broken), undefined);
    // Of a long one there is the beginning.
    await tab.say("0".repeat(20_000));
    await until("the long one", async () => /binary, 10,000 bytes, .* 00 …$/.test((await rows(tab)).at(-1)));
  },

  async "echo: a wrong hex digit is named, and nothing is sent or lost"(bench) {
    const tab = await bench.echoTab(await bench.window());
    await choose(tab, "hex");
    for (const [typed, said] of [
      ["81 0g", "Not sent. “g” is not a hex digit: those are 0 to 9 and a to f."],
      ["81 🚀", "Not sent. “🚀” is not a hex digit: those are 0 to 9 and a to f."],
      ["0x81", "Not sent. “x” is not a hex digit: those are 0 to 9 and a to f."],
      ["81 0", "Not sent. The last byte has only one digit: each has two."],
    ]) {
      await tab.input.fill(typed);
      await tab.input.press("Enter");
      await until("the hint", () => tab.hint.innerText(), said);
      assert.equal(await tab.input.inputValue(), typed);
    }
    await tab.say("81");
    await show(tab, "Came back: binary, 1 byte, after … ms | 81");
  },

  async "echo: two tabs on a topic hear each other, another topic and the echo hear nothing"(bench) {
    const context = await bench.window();
    const [one, two] = [await bench.echoTab(context, "#topic=kitchen"), await bench.echoTab(context, "#topic=kitchen")];
    const [elsewhere, echo] = [await bench.echoTab(context, "#topic=Kitchen"), await bench.echoTab(context)];
    assert.equal(await address(one), ws(bench, "/broadcast/kitchen"));
    await one.say("Hello");
    await show(two, "Somebody: text, 5 bytes | Hello");
    await choose(two, "hex");
    await two.say("00 ff");
    await show(one, "You: text, 5 bytes, back after … ms | Hello", "Somebody: binary, 2 bytes | 00 ff");
    await show(two, "Somebody: text, 5 bytes | Hello", "You: binary, 2 bytes, back after … ms | 00 ff");
    for (const tab of [elsewhere, echo]) {
      await tab.say("x");
      await until("one row", () => tab.rows.count(), 1);
    }
  },

  async "echo: the choice stands in the address, Back leads back, and a name that no topic can have leads nowhere"(bench) {
    const tab = await bench.echoTab(await bench.window());
    const [place, topic] = [tab.page.locator("#place"), tab.page.getByRole("textbox", { name: "Topic" })];
    assert.equal(await topic.isVisible(), false);
    await tab.say("here");
    await until("a row", () => tab.rows.count(), 1);
    await place.selectOption("topic");
    await until("the topic", () => address(tab), ws(bench, "/broadcast/hello"));
    assert.equal(hash(tab), "#topic=hello");
    assert.equal(await tab.rows.count(), 0);
    await tab.isConnected();
    await topic.fill("a.b~c-d_9 ");
    await topic.press("Enter");
    await until("the topic", () => address(tab), ws(bench, "/broadcast/a.b~c-d_9"));
    assert.equal(hash(tab), "#topic=a.b~c-d_9");
    await until("its input", () => topic.inputValue(), "a.b~c-d_9");
    for (const name of ["", "two words", "a/b", "é"]) {
      await topic.fill(name);
      assert.equal(await topic.evaluate((input) => input.validity.valid), false, name);
    }
    await tab.page.evaluate(() => (location.hash = "#topic=a/b"));
    await until("the hint", async () => (await tab.hint.innerText()).startsWith("No topic has a name like that"));
    assert.equal(await address(tab), ws(bench, "/broadcast/a.b~c-d_9"));
    await place.selectOption("echo");
    await until("the echo", () => address(tab), ws(bench, "/echo"));
    assert.equal(await topic.isVisible(), false);
    await tab.isConnected();
    await tab.say("and here");
    await show(tab, "Came back: text, 8 bytes, after … ms | and here");
  },

  async "echo: what came stays when the connection ends, and nothing typed is lost"(bench) {
    bench.serverMayVanish = true;
    const tab = await bench.echoTab(await bench.window(), "#topic=kitchen");
    await tab.say("before");
    await show(tab, "You: text, 6 bytes, back after … ms | before");
    bench.server.signal("SIGSTOP");
    await tab.say("into the void");
    await bench.server.stop("SIGKILL");
    await tab.isDisconnected();
    await until("the text", () => tab.input.inputValue(), "into the void");
    await until("the row", () => tab.rows.count(), 1);
    bench.server = await Server.start(bench.server.port);
    await tab.isConnected();
    await tab.input.press("Enter");
    await show(tab, "You: text, 6 bytes, back after … ms | before", "You: text, 13 bytes, back after … ms | into the void");
  },

  async "echo: everything can be done with the keyboard"(bench) {
    const tab = await bench.echoTab(await bench.window());
    const { keyboard } = tab.page;
    const focused = () => tab.page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    assert.equal(await focused(), "text", "the input has the focus from the start");
    await keyboard.press("Shift+Tab");
    assert.equal(await focused(), "as");
    await keyboard.press("h"); // as a person chooses in a list
    await until("the focus", focused, "text");
    await keyboard.type("48");
    await keyboard.press("Enter");
    await show(tab, "Came back: binary, 1 byte, after … ms | 48");
    for (const stop of ["as", "log", "place"]) {
      await keyboard.press("Shift+Tab");
      assert.equal(await focused(), stop);
    }
    await keyboard.press("t");
    await until("the topic", () => address(tab), ws(bench, "/broadcast/hello"));
    await keyboard.press("Tab");
    assert.equal(await focused(), "topic");
    await keyboard.press("ControlOrMeta+a");
    await keyboard.type("attic");
    await keyboard.press("Enter");
    await until("the topic", () => address(tab), ws(bench, "/broadcast/attic"));
    await until("the focus", focused, "text");
  },
};
