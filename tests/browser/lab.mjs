// The lab: bytes and frames by name, explained by the server and drawn as in the wire view.

import assert from "node:assert/strict";
import { Server, until } from "./harness.mjs";
import { isWellMeasured } from "./measures.mjs";
import { withWires } from "./wireview.mjs";

/** A tab with the lab; `address` is what stands behind its path. */
async function lab(bench, { address = "", window = {}, watch = true } = {}) {
  const context = await bench.window({ reducedMotion: "reduce", ...window });
  const page = await context.newPage();
  if (watch) bench.watch(page);
  await page.goto(`${bench.server.url}/lab.html${address}`);
  return {
    page,
    source: page.getByRole("textbox", { name: "Bytes in hex, or frames by name" }),
    example: page.getByRole("combobox", { name: "Example" }),
    trouble: page.locator("#trouble"),
  };
}

const events = ({ page }) => page.locator("#events > li").evaluateAll((items) => items.map(({ event }) => event));
const titles = async (tab) => (await events(tab)).map(({ title }) => title);
const shows = (tab, ...expected) => until("these titles", () => titles(tab), expected);
const hexes = async (tab) => (await events(tab)).map(({ hex }) => hex);
const state = ({ page }) => page.locator("#state").innerText();

async function opened(bench, settings) {
  await withWires(bench);
  const tab = await lab(bench, settings);
  await until("the lab", () => state(tab), "Connected");
  return tab;
}

export default {
  async "lab: twelve examples, good and broken, and each is what it says"(bench) {
    const tab = await opened(bench);
    const names = await tab.example.locator("option").allTextContents();
    assert.equal(names.length, 13);
    for (const name of names.slice(1)) {
      await tab.example.selectOption(name);
      const isBroken = name.startsWith("Broken");
      await until(name, async () => {
        const all = await events(tab);
        return all.length > 0 && all.some(({ rules }) => rules?.length > 0) === isBroken
          && (await tab.page.locator("#sum").innerText()).includes("no rule is broken") !== isBroken;
      });
      assert.equal(await tab.trouble.innerText(), "", name);
    }
    await tab.example.selectOption("Hello, masked, and the answer");
    await until("the bytes", () => hexes(tab), ["818537fa213d7f9f4d5158", "810548656c6c6f"]);
    await tab.example.selectOption("65,536 bytes: the length gets 64 bits");
    await until("the gap", async () => /… [\d,]+ bytes left out …/.test(await tab.page.locator("#events").innerText()));
    await tab.example.selectOption("Hello, compressed");
    await until("what it inflates to", async () => /inflated\s+48/.test(await tab.page.locator("#events").innerText()));
  },

  async "lab: what is pasted is explained, and what is no notation is said in words"(bench) {
    const tab = await opened(bench);
    await tab.source.fill("81 85 37 fa 21 3d 7f 9f 4d 51 58 88 82 37 fa 21 3d 34 12");
    await shows(tab, `text "Hello"`, "close 1000");
    assert.match(await tab.page.locator("#sum").innerText(), /^19 bytes, no rule is broken/);
    await tab.source.fill(`C> tex "Hello"`);
    await until("words", async () => (await tab.trouble.innerText()) !== "");
    assert.deepEqual(await titles(tab), [`text "Hello"`, "close 1000"], "what was there stays");
    await tab.source.fill("S< 81 85 37 fa 21 3d 7f 9f 4d 51 58");
    await until("the rule", async () => /rule 5\.1-3, RFC 6455/.test(await tab.page.locator("#events").innerText()));
    assert.equal(await tab.trouble.innerText(), "");
    await tab.source.fill("<b>x</b>");
    await until("text", async () => (await tab.trouble.innerText()) !== "");
    assert.equal(await tab.page.locator("#trouble *, #events b").count(), 0);
  },

  async "lab: a frame is built from the form, part by part"(bench) {
    const tab = await opened(bench, { window: { viewport: { width: 1200, height: 800 } } });
    const set = async (label, value) => {
      const control = tab.page.locator("#build label").filter({ hasText: new RegExp(`^\\s*${label}`) }).locator("input, select");
      if (await control.evaluate((it) => it.type === "checkbox")) await control.setChecked(value);
      else if (await control.evaluate((it) => it.matches("select"))) await control.selectOption(value);
      else await control.fill(value);
    };
    const is = (text) => until(text, () => tab.source.inputValue(), text);
    await set("Payload", "Hi \"you\"");
    await is(`C> text "Hi \\"you\\"" key=37fa213d`);
    await shows(tab, `text "Hi \\"you\\""`);
    await set("Payload", "Hello");
    await set("Type", "binary");
    await set("Written as", "hex");
    await set("Payload", "48 65");
    await is("C> binary 48 65 key=37fa213d");
    await until("the bytes", () => hexes(tab), ["828237fa213d7f9f"]);
    await set("Mask", "none");
    await is("C> binary 48 65 nomask");
    await set("From", "server");
    await is("S< binary 48 65");
    await until("the bytes", () => hexes(tab), ["82024865"]);
    await set("From", "client");
    await set("Key", "00000000");
    await set("Length in", "64 bits");
    await is("C> binary 48 65 key=00000000 len=64");
    await set("RSV2", true);
    await is("C> binary 48 65 rsv=2 key=00000000 len=64");
    await set("RSV2", false);
    await set("Length in", "shortest form");
    await set("FIN", false);
    await is("C> binary fin=0 48 65 key=00000000");
    await set("FIN", true);
    await set("Type", "close");
    await set("Close code", "4000");
    await set("Written as", "text");
    await set("Payload", "bye");
    await is(`C> close 4000 "bye" key=00000000`);
    await shows(tab, `close 4000 "bye"`);
    await set("Type", "text");
    await set("Payload", "Hello");
    await set("Fragments", "3");
    await is(`C> first-text "H" key=00000000\nC> middle "el" key=00000000\nC> last "lo" key=00000000`);
    await until("three frames", async () => (await events(tab)).length, 3);
    await set("Type", "continuation");
    await set("Fragments", "1");
    await is(`C> last "Hello" key=00000000`);
    await set("Type", "text");
    await set("Mask", "random key");
    await until("a key", async () => /^C> text "Hello" key=[0-9a-f]{8}$/.test(await tab.source.inputValue()));
    await set("Mask", "with this key");
    await set("Cut after byte", "3 6");
    await is("C> 81 85 00 | 00 00 00 | 48 65 6c 6c 6f");
    await until("the cuts", async () => (await events(tab))[0]?.cuts, [0, 3, 6]);
    assert.equal(await tab.page.locator("#events .cut").count(), 2);
  },

  async "lab: the address carries what is shown, a link shows the same, and Back works"(bench) {
    const tab = await opened(bench);
    await tab.source.fill(`C> text "50 % # ä" key=37fa213d`);
    await until("the frame", async () => (await titles(tab)).length, 1);
    const { hash } = new URL(tab.page.url());
    const other = await lab(bench, { address: hash });
    await until("the same", () => other.source.inputValue(), `C> text "50 % # ä" key=37fa213d`);
    await until("the same", () => hexes(other), await hexes(tab));
    const plain = await lab(bench, { address: `#C> text "Hello" key=37fa213d` });
    await shows(plain, `text "Hello"`);

    await tab.example.selectOption("126 bytes: the length gets 16 bits");
    await until("126 bytes", async () => (await events(tab))[0]?.size, 134);
    await tab.example.selectOption("Broken: a reserved bit");
    await until("the reserved bit", async () => (await events(tab))[0]?.size, 11);
    await tab.page.goBack();
    await until("126 bytes", async () => (await events(tab))[0]?.size, 134);
    assert.equal(await tab.example.inputValue(), "126 bytes: the length gets 16 bits");
    await tab.page.goBack();
    await until("the first", () => tab.source.inputValue(), `C> text "50 % # ä" key=37fa213d`);
    await tab.page.goForward();
    await until("126 bytes", async () => (await events(tab))[0]?.size, 134);
  },

  async "lab: with the keyboard alone from an example to a bit"(bench) {
    const tab = await opened(bench);
    const { keyboard } = tab.page;
    const focused = () => tab.page.evaluate(() => document.activeElement.at ?? (document.activeElement.id || document.activeElement.className));
    for (let n = 0; n < 20 && (await focused()) !== "example"; n++) await keyboard.press("Tab");
    assert.equal(await focused(), "example");
    await keyboard.press("Tab");
    assert.equal(await focused(), "source");
    await keyboard.press("Control+a");
    await keyboard.type(`C> text "Hello" key=37fa213d`);
    await shows(tab, `text "Hello"`);
    for (let n = 0; n < 20 && (await focused()) !== "head"; n++) await keyboard.press("Tab");
    await keyboard.press("ArrowRight");
    await keyboard.press("End");
    assert.equal(await focused(), 10);
    assert.match(await tab.page.locator("#detail").innerText(), /58 \^ 37 = 6f "o", with byte 0 of the key/);
  },

  async "lab: with the server stopped, or without --wire-view, it says so, and what is there stays"(bench) {
    await withWires(bench);
    const tab = await lab(bench, { watch: false });
    await until("the answer", async () => (await titles(tab)).length, 2);
    const { port } = bench.server;
    await bench.server.stop();
    await until("words", () => tab.trouble.innerText(), "The server does not answer. What is here stays.");
    assert.equal((await titles(tab)).length, 2);
    await tab.source.fill(`C> ping "later"`);
    bench.server = await Server.start(port, "--wire-view");
    await shows(tab, `ping "later"`);
    await until("no words", () => tab.trouble.innerText(), "");
    await bench.server.stop();
    bench.server = await Server.start(port);
    await until("words", async () => {
      await tab.source.fill(`C> ping "${performance.now()}"`); // who writes does not wait for the next try
      return /started without --wire-view/.test(await tab.trouble.innerText());
    });
  },

  async "lab: light and dark, phone and desk: no faults, nothing too wide or too small"(bench) {
    await withWires(bench);
    for (const colorScheme of ["light", "dark"]) {
      for (const viewport of [{ width: 360, height: 640 }, { width: 1200, height: 800 }]) {
        const where = `${colorScheme} ${viewport.width}`;
        const tab = await lab(bench, { window: { colorScheme, viewport } });
        // What it floats above cannot be judged.
        await tab.page.evaluate(() => (document.querySelector("#detail").style.position = "static"));
        for (const name of ["Hello, masked, and the answer", "Broken: a reserved bit", "A handshake", "Three fragments, and a ping between"]) {
          await tab.example.selectOption(name);
          await until(name, async () => (await titles(tab)).length > 0 && (await tab.page.locator("#sum").innerText()) !== "");
          await isWellMeasured(tab, `${where}, ${name}`, undefined, "#source");
        }
        if (viewport.width < 960) await tab.page.locator("#builder > summary").click();
        await isWellMeasured(tab, `${where}, builder`, undefined, "#source");
        await tab.page.context().close();
        bench.contexts.pop();
      }
    }
  },
};
