// What the Socket.IO tests stand on: a server process, clients that remember what they saw, and waiting for a
// condition.
//
// Nothing here sleeps for a fixed time and then hopes: `until` asks again and again and gives up only after
// PATIENCE, with what it saw last. That something does *not* happen is shown by something else that happens after it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { io } from "socket.io-client";

const PATIENCE = 20_000; // ms; far more than anything takes, as slow machines test too

/** The ways to reach a server: what `transports` is for the client, by name. */
export const WAYS = {
  "default transports": ["polling", "websocket"],
  "polling only": ["polling"],
  "WebSocket only": ["websocket"],
};

/** One test for each way, named by it. */
export function eachWay(name, test) {
  return Object.fromEntries(
    Object.entries(WAYS).map(([way, transports]) => [`${way}: ${name}`, (bench) => test(bench, transports)]),
  );
}

/** Waits until `ask()` gives something equal to `expected`, or, without that, something true. */
export async function until(what, ask, expected = undefined, patience = PATIENCE) {
  const deadline = performance.now() + patience;
  for (;;) {
    const value = await ask();
    if (expected === undefined ? value : isDeepStrictEqual(value, expected)) return value;
    if (performance.now() > deadline) {
      if (expected !== undefined) assert.deepEqual(value, expected, `waited in vain: ${what}`);
      assert.fail(`waited in vain: ${what}; last seen: ${JSON.stringify(value)}`);
    }
    await delay(5);
  }
}

/** `promise`, but not for ever. */
export function within(promise, what, limit = PATIENCE) {
  const late = delay(limit, undefined, { ref: false }).then(() => assert.fail(`waited in vain: ${what}`));
  return Promise.race([promise, late]);
}

// ---- The server ----

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class Server {
  static what = process.env.WS101_BIN ? "ws101" : "the original";

  /** Starts the server on `port` (0: a free one) and reads its address from the start line. */
  static async start(port = 0) {
    // WS101_* are flags to the server; those of the caller are none of its business here.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WS101_")));
    const command = process.env.WS101_BIN
      ? [process.env.WS101_BIN, "--port", String(port)]
      : [process.execPath, "original.mjs", String(port)];
    const child = spawn(command[0], command.slice(1), { env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.on("exit", () => running.delete(child));
    return new Server(child).started();
  }

  log = []; // lines of both streams

  constructor(child) {
    this.child = child;
    this.exit = once(child, "exit");
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => this.log.push(line));
    }
  }

  async started() {
    const [, url, port] = await until("the start line of the server", () => {
      assert.equal(this.child.exitCode, null, `the server ended without a start line; its log:\n${this.log.join("\n")}`);
      return this.log.map((line) => /Server running at (http:\/\/127\.0\.0\.1:(\d+))$/.exec(line)).find(Boolean);
    });
    return Object.assign(this, { url, port: Number(port) });
  }

  /** Waits until a line of the log ends so. */
  says(end) {
    return until(`"${end}" in the log`, () => this.log.some((line) => line.endsWith(end)));
  }

  async stop(signal = "SIGTERM") {
    if (running.has(this.child)) this.child.kill(signal);
    await within(this.exit, `the end of the server after ${signal}`);
  }
}

// ---- Clients ----

/** What one test has: a server and clients. */
export class Bench {
  clients = [];

  constructor(server) {
    this.server = server;
  }

  /** A client that begins to connect, with settings of its own beside those that suit tests. */
  client(settings = {}, namespace = "") {
    const socket = io(this.server.url + namespace, {
      forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...settings,
    });
    const client = new Client(socket);
    this.clients.push(client);
    return client;
  }

  /** The same, and connected when this returns. */
  async connected(settings = {}) {
    const client = this.client(settings);
    await client.isConnected();
    return client;
  }

  /** Connected, and on WebSocket if its transports lead there. */
  async settled(transports) {
    const client = await this.connected({ transports });
    await client.isOn(transports.at(-1));
    return client;
  }

  /** The server with a new life on its old port. */
  async restart(signal) {
    await this.server.stop(signal);
    this.server = await Server.start(this.server.port);
  }

  async end() {
    for (const { socket } of this.clients) socket.disconnect();
    await this.server.stop("SIGKILL");
  }
}

/** A socket of the real library, and what it saw. */
export class Client {
  messages = []; // arguments of `chat message`
  reasons = []; // of disconnections
  errors = []; // of attempts to connect
  transports = []; // of the first connection, in order
  ids = []; // one per connection

  constructor(socket) {
    this.socket = socket;
    socket.on("chat message", (...values) => this.messages.push(values.length === 1 ? values[0] : values));
    socket.on("disconnect", (reason) => this.reasons.push(reason));
    socket.on("connect_error", (error) => this.errors.push(error.message));
    socket.on("connect", () => this.ids.push(socket.id));
    // The engine is there at once, and may have upgraded before the namespace is joined.
    const { engine } = socket.io;
    engine.on("open", () => this.transports.push(engine.transport.name));
    engine.on("upgrade", (transport) => this.transports.push(transport.name));
  }

  get transport() {
    return this.socket.io.engine?.transport.name;
  }

  say(value) {
    this.socket.emit("chat message", value);
  }

  isConnected() {
    return until("connected", () => this.socket.connected);
  }

  isOn(transport) {
    return until(`on ${transport}`, () => this.transport, transport);
  }

  /** Its messages become exactly these. */
  sees(...values) {
    return until("these messages", () => this.messages, values);
  }

  /** Has seen so many messages. */
  count(count) {
    return until("as many messages", () => this.messages.length >= count && this.messages.length, count);
  }
}
