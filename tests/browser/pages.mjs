// What all pages have in common: their head.

import assert from "node:assert/strict";
import { PAGES } from "./harness.mjs";

const CURRENT = ' aria-current="page"';

export default {
  async "pages: all have the same head, and each says which one it is, and one sentence on what it shows"(bench) {
    const navs = new Set();
    for (const name of PAGES) {
      const text = await (await fetch(`${bench.server.url}/${name}`)).text();
      const [nav] = /<nav .*?<\/nav>/s.exec(text);
      assert.deepEqual(nav.split(CURRENT).length, 2, `${name}: one is the current one`);
      assert.ok(nav.includes(`<a href="${name === "index.html" ? "./" : name}"${CURRENT}`), name);
      navs.add(nav.replace(CURRENT, ""));
      const [, head] = /<header class="chat-head">(.*?)<\/header>/s.exec(text);
      const rest = head.slice(head.indexOf("</nav>")).replace(/(<h1>|<p class="what">)[^<]+/g, "$1…").replace(/\s+/g, " ");
      assert.equal(rest, `</nav> <h1>…</h1> <p class="what">…</p> <p class="state" id="state-box" data-state="connecting"> `
        + `<span id="state" role="status">Connecting…</span> <span id="retry"></span> </p> `, name);
    }
    assert.equal(navs.size, 1, [...navs].join("\n"));
  },

  async "pages: on a phone the head is about 90 pixels high, with the pages in one row"(bench) {
    const context = await bench.window({ viewport: { width: 360, height: 640 } });
    for (const name of PAGES) {
      const page = await context.newPage();
      await page.goto(`${bench.server.url}/${name}`);
      const { height } = await page.locator(".chat-head").boundingBox();
      assert.ok(height <= 96, `${name}: ${height}`);
      const rows = await page.locator(".pages a").evaluateAll((links) => links.map((link) => link.getBoundingClientRect().top));
      assert.deepEqual(new Set(rows).size, 1, `${name}: ${rows}`);
      await page.close();
    }
  },
};
