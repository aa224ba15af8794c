// Coming and coming back: namespaces, the auth payload, reconnection after the server's restart.

import assert from "node:assert/strict";
import { eachWay, until } from "./harness.mjs";

export default {
  ...eachWay("an unknown namespace is refused in the original's words", async (bench, transports) => {
    const client = bench.client({ transports }, "/nope");
    await until("the refusal", () => client.errors, ["Invalid namespace"]);
    assert.equal(client.socket.connected, false);
    assert.equal(client.socket.active, false);
  }),

  async "a refused namespace does not disturb the main one on the same connection"(bench) {
    const client = await bench.settled(["polling", "websocket"]);
    const refused = client.socket.io.socket("/nope/é?token=1");
    let error;
    refused.on("connect_error", (found) => (error = found.message));
    refused.connect();
    await until("the refusal", () => error, "Invalid namespace");
    client.say("still here");
    await client.sees("still here");
    assert.deepEqual(client.reasons, []);
  },

  ...eachWay("an auth payload is accepted, from a function too", async (bench, transports) => {
    const fixed = await bench.connected({ transports, auth: { token: "abc", nested: { list: [1, null, "ü"] } } });
    const asked = await bench.connected({ transports, auth: (answer) => answer({ token: "def" }) });
    fixed.say("with a token");
    await asked.sees("with a token");
  }),

  ...eachWay("a client leaves and comes back as somebody else", async (bench, transports) => {
    const client = await bench.settled(transports);
    const other = await bench.settled(["websocket"]);
    client.socket.disconnect();
    assert.deepEqual(client.reasons, ["io client disconnect"]);
    await bench.server.says(`Disconnected: ${client.ids[0]}`);
    other.say("not for who has left");
    await other.sees("not for who has left");
    client.socket.connect();
    await until("a second connection", () => client.ids.length, 2);
    assert.notEqual(client.ids[0], client.ids[1]);
    other.say("for both");
    await client.sees("for both");
  }),

  // It stops politely, is killed, or is killed while something was said that nobody heard.
  ...eachWay("after a restart of the server it comes back by itself", async (bench, transports) => {
    const client = await bench.settled(transports);
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      const before = client.ids.length;
      client.say(`before ${signal}`);
      await until("the message", () => client.messages.at(-1), `before ${signal}`);
      await bench.server.stop(signal);
      await until("the disconnection", () => client.reasons.length, before);
      // The library keeps this until it is connected again.
      client.say(`during ${signal}`);
      await bench.restart();
      await until("what was kept", () => client.messages.at(-1), `during ${signal}`);
      assert.equal(client.ids.length, before + 1);
    }
    assert.equal(new Set(client.ids).size, 3);
  }),

  async "after a restart ten clients come back, and no message comes twice"(bench) {
    const ways = [["polling", "websocket"], ["polling"], ["websocket"]];
    const clients = [];
    while (clients.length < 10) clients.push(await bench.settled(ways[clients.length % 3]));
    await bench.restart("SIGKILL");
    for (const client of clients) await until("a second connection", () => client.ids.length, 2);
    clients.forEach((client, number) => client.say(number));
    for (const client of clients) {
      await client.count(10);
      assert.deepEqual([...client.messages].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  },
};
