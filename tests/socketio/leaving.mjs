// Going away, in every state of a connection; and that the log names who came and who went.

import assert from "node:assert/strict";
import { eachWay, until } from "./harness.mjs";

export default {
  ...eachWay("the log names each socket as it comes and as it goes", async (bench, transports) => {
    const client = await bench.connected({ transports });
    await bench.server.says(`User connected: ${client.ids[0]}`);
    client.socket.disconnect();
    await bench.server.says(`Disconnected: ${client.ids[0]}`);
    const about = bench.server.log.filter((line) => line.includes(client.ids[0]));
    assert.equal(about.length, 2, about.join("\n"));
  }),

  // A GET waits at that moment, since nothing has been said for a while.
  async "who disconnects while a poll waits is gone at once"(bench) {
    const leaves = await bench.settled(["polling"]);
    const stays = await bench.settled(["polling"]);
    stays.say("everybody polls");
    await leaves.sees("everybody polls");
    await until("the next poll", () => leaves.socket.io.engine.transport._polling);
    leaves.socket.disconnect();
    await bench.server.says(`Disconnected: ${leaves.ids[0]}`);
    stays.say("one less");
    await stays.sees("everybody polls", "one less");
    assert.deepEqual(leaves.messages, ["everybody polls"]);
  },

  async "who disconnects in the middle of the upgrade, or right after it, is gone too"(bench) {
    const stays = await bench.settled(["websocket"]);
    // No more of them: of each kind of line ws101 writes ten in a second.
    const leavers = Array.from({ length: 3 }, () => bench.client());
    for (const [number, { socket }] of leavers.entries()) {
      const leave = () => (socket.connected ? socket.disconnect() : socket.once("connect", leave));
      if (number === 0) socket.once("connect", leave);
      else socket.io.engine.once(number === 1 ? "upgrading" : "upgrade", leave);
    }
    for (const leaver of leavers) {
      await until("the disconnection", () => leaver.reasons, ["io client disconnect"]);
      await bench.server.says(`Disconnected: ${leaver.ids[0]}`);
    }
    stays.say("alone");
    await stays.sees("alone");
  },

  // The library closes nothing here: the connection itself goes away, as when a laptop is shut.
  async "who vanishes from WebSocket is gone, and comes back by itself"(bench) {
    const client = await bench.settled(["websocket"]);
    client.socket.io.engine.transport.ws.terminate();
    await bench.server.says(`Disconnected: ${client.ids[0]}`);
    await until("a second connection", () => client.ids.length, 2);
    client.say("back");
    await client.sees("back");
  },
};
