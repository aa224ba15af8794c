// What the browser tests stand on: a server process, tabs that are watched, and waiting for a condition.
//
// Nothing here sleeps for a fixed time and then hopes: `until` asks again and again and gives up
// only after PATIENCE, with what it saw last. Every tab is watched from its first request on; what
// a test did not say it expects (an error on the console, a breach of the Content-Security-Policy,
// a request to another host, an answer of 400 or above) makes it fail.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { chromium } from "playwright-core";

/** The pages with a connection. */
export const PAGES = ["index.html", "rooms.html", "socketio.html", "echo.html", "lab.html"];

const PATIENCE = 20_000; // ms; far more than anything takes, as slow machines test too

const CHROMIUM_ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: CHROMIUM_ARGS });
}

/** Waits until `ask()` gives something equal to `expected` (or, without `expected`, something true). */
export async function until(what, ask, ...expected) {
  const good = (value) => (expected.length ? isDeepStrictEqual(value, expected[0]) : Boolean(value));
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const value = await ask();
    if (good(value)) return value;
    if (performance.now() > deadline) {
      if (expected.length) assert.deepEqual(value, expected[0], `waited in vain: ${what}`);
      assert.fail(`waited in vain: ${what}; last seen: ${JSON.stringify(value)}`);
    }
    await delay(25);
  }
}

/** `promise`, but not for ever: some calls to the browser have no time limit of their own. */
export function within(promise, what, limit = PATIENCE) {
  const late = delay(limit, undefined, { ref: false }).then(() => assert.fail(`waited in vain: ${what}`));
  return Promise.race([promise, late]);
}

// ---- The server ----

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class Server {
  /** Starts the server on `port` (0: a free one), with these flags, and reads its address from the start line. */
  static async start(port = 0, ...flags) {
    // WS101_* are flags to the server; those of the caller are none of its business here.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WS101_")));
    const child = spawn(process.env.WS101_BIN, ["--port", String(port), ...flags], { env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.on("exit", () => running.delete(child));

    let log = "";
    child.stderr.on("data", (bytes) => (log = (log + bytes).slice(-4000)));
    const exit = once(child, "exit");
    const started = (async () => {
      for await (const line of createInterface(child.stdout)) {
        const found = /^Server running at (http:\/\/127\.0\.0\.1:(\d+))$/.exec(line);
        if (found) return found;
      }
      assert.fail(`the server ended without a start line; its log:\n${log}`);
    })();
    const [, url, realPort] = await within(started, "the start line of the server");
    child.stdout.resume();
    return new Server(child, exit, url, Number(realPort));
  }

  constructor(child, exit, url, port) {
    Object.assign(this, { child, exit, url, port });
  }

  /** SIGTERM is the polite way, SIGKILL a power cut, SIGSTOP a server that does not answer any more. */
  signal(name) {
    this.child.kill(name);
  }

  async stop(signal = "SIGTERM") {
    if (running.has(this.child)) this.signal(signal);
    await within(this.exit, `the end of the server after ${signal}`);
  }
}

// ---- Tabs ----

// Chromium writes this to the console whenever a WebSocket fails; no page can prevent it.
const SOCKET_FAILED = /^WebSocket connection to '\S+' failed/;

// It also asks for the icon anew when a page moves to another "#...", whether or not the server is there.
const ICON = /\/favicon\.svg$/;

/** What one test has: a server, windows with tabs, and what went wrong in them. */
export class Bench {
  problems = [];
  contexts = [];
  serverMayVanish = false; // set by tests that stop the server

  constructor(browser, server) {
    Object.assign(this, { browser, server });
  }

  /** A new window: its own settings (colour scheme, size), its own cookies and cache. */
  async window(settings = {}) {
    const context = await this.browser.newContext({ viewport: { width: 900, height: 640 }, ...settings });
    context.setDefaultTimeout(PATIENCE);
    await context.addInitScript(() => {
      window.violations = [];
      addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    this.contexts.push(context);
    return context;
  }

  /** A tab that shows the chat page; returns when it is connected. */
  async chatTab(context, prepare = async () => {}) {
    const page = await context.newPage();
    this.watch(page);
    await prepare(page);
    await page.goto(this.server.url);
    const tab = new ChatTab(page);
    await tab.isConnected();
    tab.id = await page.locator("#ws-id").textContent();
    return tab;
  }

  async chatTabs(count) {
    const context = await this.window();
    const tabs = [];
    while (tabs.length < count) tabs.push(await this.chatTab(context));
    return tabs;
  }

  /** A tab that shows the rooms page; `address` is what stands behind its path. */
  async roomTab(context, address = "") {
    const page = await context.newPage();
    this.watch(page);
    await page.goto(`${this.server.url}/rooms.html${address}`);
    const tab = new RoomTab(page);
    await tab.isConnected();
    return tab;
  }

  /** A tab that shows the Socket.IO page. */
  async socketioTab(context) {
    const page = await context.newPage();
    this.watch(page);
    await page.goto(`${this.server.url}/socketio.html`);
    const tab = new ChatTab(page);
    await tab.isConnected();
    return tab;
  }

  /** A tab that shows the echo page; `address` is what stands behind its path. */
  async echoTab(context, address = "") {
    const page = await context.newPage();
    this.watch(page);
    await page.goto(`${this.server.url}/echo.html${address}`);
    const tab = new EchoTab(page);
    await tab.isConnected();
    return tab;
  }

  watch(page) {
    const problem = (text) => this.problems.push(text);
    page.on("pageerror", (error) => problem(`uncaught: ${error.message}`));
    page.on("dialog", (dialog) => problem(`dialog: ${dialog.message()}`) && dialog.dismiss());
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      if (this.serverMayVanish && (SOCKET_FAILED.test(message.text()) || ICON.test(message.location().url))) return;
      problem(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== this.server.url && protocol !== "data:") problem(`request to ${request.url()}`);
    });
    page.on("requestfailed", (request) => {
      if (this.serverMayVanish && ICON.test(request.url())) return;
      problem(`failed: ${request.url()}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) problem(`${response.status()} for ${response.url()}`);
    });
  }

  /** Closes everything and complains about what the watched tabs saw. */
  async end() {
    for (const context of this.contexts) {
      for (const page of context.pages()) this.problems.push(...(await page.evaluate(() => window.violations ?? [])));
      await context.close();
    }
    await this.server.stop("SIGKILL");
  }
}

/** The chat page as a person has it: found by role and name, as a screen reader finds it. */
export class ChatTab {
  constructor(page) {
    this.page = page;
    this.input = page.getByRole("textbox", { name: "Message to everybody" });
    this.button = page.getByRole("button", { name: "Send" });
    this.log = page.getByRole("log", { name: "Messages" });
    this.rows = page.locator("ul#messages > li");
    this.hint = page.locator("#hint");
    this.retry = page.locator("#retry");
  }

  lines() {
    return this.rows.evaluateAll((rows) => rows.map((row) => row.textContent));
  }

  /** All rows, from the first to the last, become exactly these. */
  shows(...lines) {
    return until("these rows", () => this.lines(), lines);
  }

  state() {
    return this.page.locator("#state").innerText();
  }

  isConnected() {
    return until("the state", () => this.state(), "Connected");
  }

  isDisconnected() {
    return until("the state", () => this.state(), "Disconnected");
  }

  /** Types and presses Enter; returns when the page has taken the text. */
  async say(text) {
    await this.input.fill(text);
    await this.input.press("Enter");
    await until("an empty input", () => this.input.inputValue(), "");
  }
}

/** The echo page, found in the same way. */
export class EchoTab extends ChatTab {
  constructor(page) {
    super(page);
    this.input = page.getByRole("textbox", { name: "Message" });
  }
}

/** The rooms page, found in the same way. */
export class RoomTab extends ChatTab {
  constructor(page) {
    super(page);
    this.room = page.getByRole("textbox", { name: "Room" });
    this.enter = page.getByRole("button", { name: "Enter" });
  }

  /** All rows as `sent: Hello` or `received: Hello`. */
  lines() {
    return this.rows.evaluateAll((rows) => rows.map((row) => (
      `${row.className.replace(/-message$/, "")}: ${row.querySelector(".said").textContent}`
    )));
  }

  /** The address changes first, and the page hears of it a little later: only then is it in the other room. */
  isIn(room) {
    return until("the room", () => this.input.getAttribute("placeholder"), `Message to ${room}`);
  }

  async enters(room) {
    await this.room.fill(room);
    await this.enter.click();
    await this.isIn(room);
    await this.isConnected();
  }
}
