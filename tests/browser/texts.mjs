// What people write, and with what: from right to left, far too much, nothing that could be seen; on a phone.

import assert from "node:assert/strict";
import { until } from "./harness.mjs";

const OPEN = {
  chat: (bench, context) => bench.chatTab(context),
  rooms: (bench, context) => bench.roomTab(context),
  socketio: (bench, context) => bench.socketioTab(context),
  echo: (bench, context) => bench.echoTab(context),
};

/** Whether the last character of the last row stands to the left of the one that is `back` before it. */
const runsLeft = (tab, back) => tab.page.evaluate((back) => {
  const texts = document.createTreeWalker(document.querySelector("#messages > li:last-child"), NodeFilter.SHOW_TEXT);
  let node;
  while (texts.nextNode()) node = texts.currentNode;
  const left = (at) => {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect().left;
  };
  return left(node.length - 1) < left(node.length - 1 - back);
}, back);

const isTypedFromTheRight = (tab) => tab.input.evaluate((input) => getComputedStyle(input).direction === "rtl");

/** WCAG 2: how much the line around each field stands out from what is in it and from what is around it. */
const lineContrasts = (tab) => tab.page.evaluate(() => {
  const color = (text) => text.match(/[\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0.05);
  const ratio = (one, other) => Math.max(light(one) / light(other), light(other) / light(one));
  document.activeElement.blur();
  return [...document.querySelectorAll("input, select")].flatMap((field) => {
    const { borderTopColor, backgroundColor } = getComputedStyle(field);
    const grounds = [backgroundColor, getComputedStyle(document.body).backgroundColor];
    return grounds.map((ground) => ratio(color(borderTopColor), color(ground)));
  });
});

export default {
  async "texts: Hebrew and Arabic begin on the right, what ends a sentence stands at its left, also while one types"(bench) {
    const context = await bench.window();
    for (const page of ["rooms", "socketio"]) {
      const tab = await OPEN[page](bench, context);
      for (const [text, expected] of [["שלום עולם!", true], ["مرحبا بالعالم.", true], ["Hello, world!", false]]) {
        await tab.input.fill(text);
        assert.equal(await isTypedFromTheRight(tab), expected, `${page}: ${text}`);
        const before = await tab.rows.count();
        await tab.say(text);
        await until("the row", () => tab.rows.count(), before + 1);
        assert.equal(await runsLeft(tab, text.length - 1), expected, `${page}: ${text}`);
      }
    }
    // In the chat a line begins with English words, whoever speaks.
    const tab = await OPEN.chat(bench, context);
    await tab.say("שלום!");
    await until("both rows", () => tab.rows.count(), 2);
    assert.equal(await runsLeft(tab, 1), false);
  },

  async "texts: of a message of a million characters the first hundred thousand are shown, and how many there were"(bench) {
    const context = await bench.window();
    for (const [page, kept] of [["chat", 100_000 - "You wrote: ".length], ["rooms", 100_000]]) {
      const tab = await OPEN[page](bench, context);
      await tab.say("x".repeat(kept));
      await tab.rows.first().waitFor();
      assert.doesNotMatch(await tab.rows.first().textContent(), /…/, page);
      const before = await tab.rows.count();
      await tab.say("y".repeat(1_000_000));
      const last = () => tab.rows.last().textContent();
      await until("the row", async () => (await tab.rows.count()) > before && /yyy/.test(await last()));
      assert.match(await last(), /y… \(1,0\d\d,\d{3} characters\)$/, page);
      assert.ok((await last()).length < 100_050, page);
    }
  },

  async "texts: the line around what one can type into is seen, in light and dark"(bench) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await bench.window({ colorScheme, reducedMotion: "reduce" });
      for (const page of Object.keys(OPEN)) {
        const tab = await OPEN[page](bench, context);
        // The colours change within a moment.
        await until("lines of 3 to 1", async () => (await lineContrasts(tab)).every((ratio) => ratio >= 3));
      }
    }
  },

  async "texts: in letters twice as large nothing is wider than a phone"(bench) {
    const context = await bench.window({ viewport: { width: 360, height: 640 } });
    for (const page of Object.keys(OPEN)) {
      const tab = await OPEN[page](bench, context);
      await tab.say("Donaudampfschifffahrtsgesellschaft");
      await tab.rows.first().waitFor();
      await tab.page.evaluate(() => (document.documentElement.style.fontSize = "32px"));
      assert.equal(await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, page);
    }
  },

  async "texts: without scripts a page says that it needs them, and nothing seems to be under way"(bench) {
    const context = await bench.window({ javaScriptEnabled: false });
    for (const path of ["", "rooms.html", "socketio.html", "echo.html"]) {
      const page = await context.newPage();
      await page.goto(`${bench.server.url}/${path}`);
      assert.match(await page.locator(".alert").innerText(), /^This page needs JavaScript/, path);
      for (const part of ["#state", "#form", "#log"]) assert.equal(await page.locator(part).isVisible(), false, `${path}: ${part}`);
      await page.close(); // nothing can be asked of it at the end
    }
  },

  async "texts: what nobody would see is not sent"(bench) {
    const context = await bench.window();
    for (const page of Object.keys(OPEN)) {
      const tab = await OPEN[page](bench, context);
      await tab.input.fill(" \u00a0 ");
      await tab.input.press("Enter");
      await tab.say("seen");
      const expected = { chat: ["receipt", "own"], rooms: ["sent-message"], socketio: ["own"], echo: ["own"] }[page];
      await until("what was seen, and no more", () => tab.rows.evaluateAll((rows) => rows.map((row) => row.className)), expected);
    }
  },

  async "texts: on a phone nothing that one types into is in small letters, and on its side the messages have the most room"(bench) {
    const phone = { isMobile: true, hasTouch: true, reducedMotion: "reduce" };
    for (const viewport of [{ width: 360, height: 640 }, { width: 640, height: 320 }]) {
      const context = await bench.window({ ...phone, viewport });
      for (const page of Object.keys(OPEN)) {
        const tab = await OPEN[page](bench, context);
        const sizes = await tab.page.locator("input, select").evaluateAll((fields) => (
          fields.map((field) => parseFloat(getComputedStyle(field).fontSize))
        ));
        assert.ok(sizes.every((size) => size >= 16), `${page}: ${sizes}`);
        const { height } = await tab.log.boundingBox();
        assert.ok(height > 0.4 * viewport.height, `${page}: ${height} of ${viewport.height}`);
        assert.equal(await tab.page.getByRole("heading", { level: 1 }).count(), 1, page);
        assert.equal(await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, page);
        for (const element of [tab.input, tab.button]) {
          const box = await element.boundingBox();
          assert.ok(box.y >= 0 && box.y + box.height <= viewport.height, `${page}: ${JSON.stringify(box)}`);
        }
      }
    }
  },
};
