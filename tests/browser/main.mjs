// Runs the tests one after the other, each with a server and windows of its own.
//
// The last line of the output is `N passed, N failed`; the exit code is 1 when one failed or none ran.

import assert from "node:assert/strict";
import { Bench, launchBrowser, Server, within } from "./harness.mjs";
import chat from "./chat.mjs";
import compression from "./compression.mjs";
import connection from "./connection.mjs";
import echo from "./echo.mjs";
import lab from "./lab.mjs";
import looks from "./looks.mjs";
import measures from "./measures.mjs";
import pages from "./pages.mjs";
import rooms from "./rooms.mjs";
import server from "./server.mjs";
import socketio from "./socketio.mjs";
import texts from "./texts.mjs";
import tutorial from "./tutorial.mjs";
import wireview from "./wireview.mjs";

const TEST_LIMIT = 180_000; // ms; only a browser that hangs comes near it

const words = process.argv.slice(2);
const tests = Object.entries({ ...chat, ...compression, ...connection, ...echo, ...lab, ...looks, ...measures, ...pages, ...rooms, ...server, ...socketio, ...texts, ...tutorial, ...wireview })
  .filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));

async function run(test, browser) {
  const bench = new Bench(browser, await Server.start());
  try {
    await within(test(bench), "the end of the test", TEST_LIMIT);
  } finally {
    await within(bench.end(), "the end of tabs and server");
  }
  assert.deepEqual(bench.problems, [], "the tabs saw something that no test expects");
}

const browser = await launchBrowser();
console.log(`Chromium ${browser.version()}`);
let failed = 0;
for (const [name, test] of tests) {
  try {
    await run(test, browser);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack.replace(/^/gm, "      ")}`);
  }
}
await browser.close();

console.log(`${tests.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || tests.length === 0 ? 1 : 0;
