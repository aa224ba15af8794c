// How the page looks and reads: sizes, colours, keyboard, screen reader, what it loads.
//
// Names, roles and contrasts are judged by axe-core as well. The last test writes screenshots, which
// are for people to look at: no test can say whether a page is pleasant.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { until } from "./harness.mjs";

const POLICY = "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:";

/** What axe-core finds wrong in this part of the page, or cannot judge where contrast is concerned. */
export async function faults(tab, part = "html") {
  await tab.page.evaluate(axe.source);
  return tab.page.evaluate(async (part) => {
    const { violations, incomplete } = await axe.run(part);
    return [...violations, ...incomplete.filter(({ id }) => id === "color-contrast")]
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
  }, part);
}

/** A greeting and an answer, so that both tabs have lines of every kind but a farewell. */
async function converse(guest, host) {
  await guest.say("Hello, is somebody there?");
  await until("the greeting", async () => (await host.lines()).length, 1);
  await host.say("Yes, welcome!");
  await until("the answer", async () => (await guest.lines()).length, 3);
}

const overflow = (tab) => tab.page.evaluate(() => {
  const log = document.getElementById("log");
  return { page: document.documentElement.scrollWidth - innerWidth, log: log.scrollWidth - log.clientWidth };
});

const focused = (tab) => tab.page.evaluate(() => document.activeElement.id || document.activeElement.textContent);

export default {
  async "the pages and their files come from this server, typed, under a strict policy"(bench) {
    const page = await fetch(bench.server.url);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(page.headers.get("content-security-policy"), POLICY);
    const text = await page.text();
    const files = [...text.matchAll(/(?:src|href)="([^"]+\.\w+)"/g)].map(([, file]) => file);
    const types = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
    const pages = ["rooms.html", "socketio.html", "echo.html", "lab.html"];
    assert.deepEqual(files, ["favicon.svg", "vendor/bootstrap.min.css", "style.css", "wire.css", "chat.js", "favicon.svg", ...pages]);
    for (const file of files.filter((file) => !pages.includes(file))) {
      const answer = await fetch(new URL(file, bench.server.url));
      assert.equal(answer.status, 200, file);
      assert.equal(answer.headers.get("content-type").split(";")[0], types[file.split(".").at(-1)], file);
      await answer.arrayBuffer();
    }
    assert.doesNotMatch(text, /https?:\/\/| style=| on[a-z]+="\w|<style|<script>/);
  },

  async "dark and light follow the system, and the two chat with each other"(bench) {
    const dark = await bench.chatTab(await bench.window({ colorScheme: "dark" }));
    const light = await bench.chatTab(await bench.window({ colorScheme: "light" }));
    await converse(light, dark);
    const brightness = (tab) => tab.page.evaluate(() => ["body", "#log", "#text", "#messages li"].map((selector) => {
      const [r, g, b] = getComputedStyle(document.querySelector(selector)).backgroundColor.match(/[\d.]+/g);
      return (Number(r) + Number(g) + Number(b)) / 3;
    }));
    assert.ok((await brightness(dark)).every((value) => value < 80), `dark: ${await brightness(dark)}`);
    assert.ok((await brightness(light)).every((value) => value > 200 || value === 0), `light: ${await brightness(light)}`);
    // The system changes its mind while the page is open.
    await dark.page.emulateMedia({ colorScheme: "light" });
    await until("a light page", async () => (await brightness(dark))[0] > 200);
  },

  async "names, roles and contrasts hold in light and dark, connected and not"(bench) {
    bench.serverMayVanish = true;
    const tabs = [];
    for (const colorScheme of ["light", "dark"]) {
      const context = await bench.window({ colorScheme, reducedMotion: "reduce" });
      const [host, guest] = [await bench.chatTab(context), await bench.chatTab(context)];
      assert.deepEqual(await faults(host), [], `${colorScheme}, nothing said yet`);
      await converse(guest, host);
      await guest.page.close();
      await until("the farewell", async () => (await host.lines()).length, 4);
      assert.deepEqual(await host.rows.evaluateAll((rows) => rows.map((row) => row.className)), ["other", "receipt", "own", "notice"]);
      assert.deepEqual(await faults(host), [], `${colorScheme}, connected`);
      tabs.push(host);
      await host.page.evaluate(() => (document.getElementById("newer").hidden = false));
      assert.deepEqual(await faults(host), [], `${colorScheme}, with the button for newer messages`);
    }
    await bench.server.stop();
    for (const tab of tabs) {
      await tab.isDisconnected();
      await tab.input.fill("x");
      await tab.input.press("Enter");
      await until("the hint", async () => (await tab.hint.innerText()) !== "");
      assert.deepEqual(await faults(tab), [], "disconnected");
    }
  },

  async "a screen reader is told of the state, of hints and of messages"(bench) {
    const [tab] = await bench.chatTabs(1);
    await tab.say("Hello");
    await tab.rows.nth(1).waitFor();
    const tree = await tab.page.locator("body").ariaSnapshot();
    for (const line of [
      /^ *- heading "WebSocket chat" \[level=1\]$/m,
      /^ *- status: Connected$/m,
      /^ *- log "Messages":\n *- list:\n *- listitem: "?You wrote: Hello"?$/m,
      /^ *- textbox "Message to everybody"/m,
      /^ *- button "Send"$/m,
    ]) assert.match(tree, line);
    assert.equal(await tab.page.locator("html").getAttribute("lang"), "en");
    // The countdown is not in a region that is read out each second.
    assert.equal(await tab.retry.evaluate((element) => element.closest("[role=status], [aria-live]")), null);
  },

  async "everything can be done with the keyboard, and its place is visible"(bench) {
    const [tab] = await bench.chatTabs(1);
    const { keyboard } = tab.page;
    const outlined = () => tab.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    });
    assert.equal(await focused(tab), "text", "the input has the focus from the start");
    await keyboard.type("first");
    await keyboard.press("Enter");
    assert.equal(await focused(tab), "text");
    await keyboard.type("second");
    await keyboard.press("Tab");
    assert.equal(await focused(tab), "Send");
    assert.ok(await outlined(), "Send");
    await keyboard.press("Space");
    await tab.shows(
      "You wrote: first", `Client #${tab.id} says: first`,
      "You wrote: second", `Client #${tab.id} says: second`,
    );
    for (const place of ["text", "log"]) {
      await keyboard.press("Shift+Tab");
      assert.equal(await focused(tab), place);
      assert.ok(await outlined(), place);
    }
    for (let n = 0; n < 20; n++) await tab.say(`row ${n}`);
    await until("all rows", async () => (await tab.lines()).length, 44);
    // Chromium adds to the way of a scroll that is under way what the page scrolls itself: the page comes first.
    const toEnd = ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight;
    await until("the last row in sight", async () => await tab.log.evaluate(toEnd) < 2);
    await tab.log.focus();
    await keyboard.press("Home");
    await until("the first row in sight", () => tab.log.evaluate((log) => log.scrollTop), 0);
  },

  async "nothing is wider than a phone of 320 pixels, and the input stays in sight"(bench) {
    for (const viewport of [{ width: 320, height: 568 }, { width: 320, height: 300 }, { width: 1600, height: 900 }]) {
      const context = await bench.window({ viewport });
      const [host, guest] = [await bench.chatTab(context), await bench.chatTab(context)];
      await converse(guest, host);
      await host.say("Donaudampfschifffahrtsgesellschaft".repeat(20));
      await until("five rows", async () => (await host.lines()).length, 5);
      assert.deepEqual(await overflow(host), { page: 0, log: 0 }, JSON.stringify(viewport));
      for (const element of [host.input, host.button, host.log]) {
        const box = await element.boundingBox();
        assert.ok(box.y >= 0 && box.y + box.height <= viewport.height, `${JSON.stringify(viewport)}: ${JSON.stringify(box)}`);
      }
    }
  },

  async "who asked for less motion gets none"(bench) {
    for (const [reducedMotion, expected] of [["no-preference", ["appear"]], ["reduce", ["none"]]]) {
      const tab = await bench.chatTab(await bench.window({ reducedMotion }));
      await tab.say("Hello");
      await tab.rows.nth(1).waitFor();
      const animations = await tab.rows.evaluateAll((rows) => [...new Set(rows.map((row) => getComputedStyle(row).animationName))]);
      assert.deepEqual(animations, expected, reducedMotion);
    }
  },

  async "screenshots are written: light, dark, phone, disconnected"(bench) {
    bench.serverMayVanish = true;
    const motion = { reducedMotion: "reduce" };
    const shape = { viewport: { width: 760, height: 608 }, deviceScaleFactor: 2 };
    const tabs = {
      light: await bench.chatTab(await bench.window({ ...motion, colorScheme: "light", ...shape })),
      dark: await bench.chatTab(await bench.window({ ...motion, colorScheme: "dark", ...shape })),
      phone: await bench.chatTab(await bench.window({ ...motion, viewport: { width: 360, height: 640 }, deviceScaleFactor: 2 })),
    };
    const all = Object.values(tabs);
    const write = (name, { page }) => page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, import.meta.url)) });
    await write("empty", tabs.light);

    let said = 0;
    const say = async (tab, text) => {
      await tab.say(text);
      said += 1;
      for (const each of all) {
        await until("the message", async () => (await each.lines()).filter((line) => line.startsWith("Client")).length, said);
      }
    };
    await say(tabs.dark, "Hello from a second tab!");
    await say(tabs.light, "Hello! You came over a WebSocket.");
    await say(tabs.phone, "So did I, from a phone.");
    await say(tabs.dark, "And <b>HTML</b> stays text.");
    const visitor = await bench.chatTab(bench.contexts[0]);
    await visitor.page.close();
    said += 1;
    await say(tabs.light, "There somebody went.");
    for (const [name, tab] of Object.entries(tabs)) await write(name, tab);

    await bench.server.stop();
    await tabs.phone.isDisconnected();
    await tabs.phone.input.fill("Are you still there?");
    await tabs.phone.input.press("Enter");
    await until("the hint", async () => (await tabs.phone.hint.innerText()) !== "");
    await write("disconnected", tabs.phone);
  },
};
