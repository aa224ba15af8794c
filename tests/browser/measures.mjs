// What can be measured of the looks: every page, on a phone and on a large screen, in light and dark.
//
// A spacing is a distance that style.css chooses: a padding, a margin or a gap, in pixels, other than 0. Lines
// (borders), outlines and the sizes of things are none. There are three of them (--gap-1 to --gap-3).

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { EchoTab, until } from "./harness.mjs";
import { faults } from "./looks.mjs";

const SCREENS = [{ width: 360, height: 640 }, { width: 1200, height: 800 }];
const SCHEMES = ["light", "dark"];

const TARGET = 44; // px
const SIZES = 4; // of letters
const SPACINGS = 3;

/** Each page: how one opens it, and what is said there before it is measured. */
const PAGES = {
  index: (bench, context) => bench.chatTab(context),
  rooms: (bench, context) => bench.roomTab(context),
  socketio: (bench, context) => bench.socketioTab(context),
  echo: (bench, context) => bench.echoTab(context),
  topic: (bench, context) => bench.echoTab(context, "#topic=kitchen"),
  server: async (bench, context) => {
    const tab = new EchoTab(await context.newPage());
    bench.watch(tab.page);
    await tab.page.goto(`${bench.server.url}/echo.html?server=${bench.server.url.replace("http:", "ws:")}/echo`);
    await tab.isConnected();
    return tab;
  },
};

/** Runs in the page: what there is to say about it. */
function measured({ TARGET, input }) {
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".visually-hidden, option");
  const seen = [...document.body.querySelectorAll("*")].filter(isSeen);
  const name = (element) => `${element.tagName.toLowerCase()}#${element.id}.${element.className}`;

  const hasText = (element) => element.matches("input, select")
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
  const sizes = {};
  for (const element of seen.filter(hasText)) sizes[getComputedStyle(element).fontSize] ??= name(element);

  const properties = ["Top", "Right", "Bottom", "Left"].flatMap((side) => [`padding${side}`, `margin${side}`]).concat("rowGap", "columnGap");
  const spacings = {};
  for (const element of seen) {
    for (const pseudo of [null, "::before", "::after"]) {
      const style = getComputedStyle(element, pseudo);
      if (pseudo !== null && style.content === "none") continue;
      for (const property of properties) {
        const pixels = Math.abs(parseFloat(style[property]));
        if (pixels > 0) spacings[pixels] ??= `${property} of ${name(element)}${pseudo ?? ""}`;
      }
    }
  }

  // A link within a sentence is as high as its line (WCAG 2.5.8).
  const isInSentence = (element) => element.matches("a") && getComputedStyle(element).display === "inline"
    && element.parentElement.textContent.trim() !== element.textContent.trim();
  const small = seen
    .filter((element) => element.matches("a, button, input, select, summary, textarea") && !isInSentence(element))
    .map((element) => [name(element), element.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < TARGET || height < TARGET)
    .map(([name, { width, height }]) => `${name}: ${width} x ${height}`);

  const outside = ["h1", "#state", input].filter((selector) => {
    const { top, left, bottom, right } = document.querySelector(selector).getBoundingClientRect();
    return top < 0 || left < 0 || bottom > innerHeight || right > innerWidth || bottom === top;
  });
  return { sizes, spacings, small, outside, wider: document.documentElement.scrollWidth - innerWidth };
}

/** Judges the page as it is now. `input` is what has to be in sight; of `part` alone axe judges. */
export async function isWellMeasured(tab, what, part, input = "#text") {
  const { sizes, spacings, ...rest } = await tab.page.evaluate(measured, { TARGET, input });
  assert.deepEqual(rest, { small: [], outside: [], wider: 0 }, what);
  assert.ok(Object.keys(sizes).length <= SIZES, `${what}: ${JSON.stringify(sizes)}`);
  assert.ok(Object.keys(spacings).length <= SPACINGS, `${what}: ${JSON.stringify(spacings)}`);
  assert.deepEqual(await faults(tab, part), [], what);
}

const tests = {};
for (const page of Object.keys(PAGES)) {
  tests[`measures: ${page}`] = async (bench) => {
    for (const viewport of SCREENS) {
      for (const colorScheme of SCHEMES) {
        const what = `${page}, ${viewport.width} wide, ${colorScheme}`;
        const context = await bench.window({ viewport, colorScheme, reducedMotion: "reduce" });
        const tab = await PAGES[page](bench, context);
        await isWellMeasured(tab, `${what}, empty`);
        const other = await PAGES[page](bench, context);
        await tab.say("Hello, is somebody there?");
        await until("it is heard", async () => (await tab.lines()).length > 0);
        await other.say("Yes, I am, and I have a little more to say.");
        await until("it is heard", async () => (await other.lines()).length > 0);
        await tab.say("Donaudampfschifffahrtsgesellschaft".repeat(3));
        await until("it is heard", async () => /Donau/.test((await tab.lines()).at(-1)));
        await other.page.close();
        await tab.log.evaluate((log) => (log.scrollTop = 0)); // a row that is half behind the edge cannot be judged
        await isWellMeasured(tab, what);
        await tab.page.screenshot({ path: fileURLToPath(new URL(`page-${page}-${viewport.width}-${colorScheme}.png`, import.meta.url)) });
        await tab.page.close();
      }
    }
  };
}

export default {
  ...tests,

  async "measures: a note opens over the list, by keyboard, and pushes nothing away"(bench) {
    for (const colorScheme of SCHEMES) {
      const context = await bench.window({ viewport: SCREENS[0], colorScheme, reducedMotion: "reduce" });
      for (const page of ["index", "rooms", "socketio"]) {
        const tab = await PAGES[page](bench, context);
        const [summary, note] = [tab.page.locator("summary"), tab.page.locator(".note > div")];
        const before = await tab.input.boundingBox();
        assert.equal(await note.isVisible(), false, page);
        await summary.focus();
        await tab.page.keyboard.press("Enter");
        await until("the note", () => note.isVisible());
        assert.deepEqual(await tab.input.boundingBox(), before, page);
        // What is behind it cannot be judged, and makes its own ground hard to tell.
        await tab.page.evaluate(() => (document.querySelector(".log-frame").style.visibility = "hidden"));
        await isWellMeasured(tab, `${page}, with its note, ${colorScheme}`, ".note");
        // In letters twice as large it can be read to its end, too.
        await tab.page.evaluate(() => (document.documentElement.style.fontSize = "32px"));
        await tab.page.keyboard.press("Tab");
        await until("its end", async () => {
          await tab.page.keyboard.press("End"); // it may be drawn in the larger letters only later
          return note.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2);
        });
        assert.ok(await note.evaluate((box) => box.scrollTop > 0), page);
        await summary.click();
        assert.equal(await note.isVisible(), false, page);
        await tab.page.close();
      }
    }
  },
};
