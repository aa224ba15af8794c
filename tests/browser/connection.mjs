// The state of the connection: shown in words, kept by trying again, and no text lost on the way.
//
// Where the length of a pause matters, the page's clock is held: it moves only when the test moves
// it, so the numbers are exact on any machine.

import assert from "node:assert/strict";
import { Server, until } from "./harness.mjs";

/** A tab whose clock stands still, whose dice always show `dice`, and which counts its sockets. */
async function tabWithHeldClock(bench, dice) {
  const tab = await bench.chatTab(await bench.window(), async (page) => {
    await page.clock.install();
    await page.addInitScript((dice) => {
      Math.random = () => dice;
      window.tries = 0;
      const Socket = WebSocket;
      window.WebSocket = class extends Socket {
        constructor(...args) {
          super(...args);
          window.tries += 1;
        }
      };
    }, dice);
  });
  await tab.page.clock.pauseAt(Date.now() + 3_600_000);
  return tab;
}

const tries = (tab) => tab.page.evaluate("tries");

/** Waits for the announcement of the next try; returns its seconds. */
async function announced(tab) {
  await tab.isDisconnected();
  const found = await until("the next try", async () => /, next try in (\d+) s$/.exec(await tab.retry.innerText()));
  return Number(found[1]);
}

/** `count` times: reads how long the page means to wait, and lets the time pass. */
async function pauses(tab, count) {
  const seen = [];
  while (seen.length < count) {
    const before = await tries(tab);
    seen.push(await announced(tab));
    await tab.page.clock.fastForward(seen.at(-1) * 1000);
    await until("one try more", () => tries(tab), before + 1);
    await until("its failure", async () => /next try in/.test(await tab.retry.innerText()));
  }
  return seen;
}

async function restart(bench) {
  bench.server = await Server.start(bench.server.port);
}

export default {
  async "after a restart of the server three tabs reconnect by themselves and the chat goes on"(bench) {
    bench.serverMayVanish = true;
    const tabs = await bench.chatTabs(3);
    const [one, two, three] = tabs;
    await bench.server.stop("SIGTERM");
    for (const tab of tabs) {
      await tab.isDisconnected();
      await until("when it will try again", async () => /next try in \d+ s$|now$/.test(await tab.retry.innerText()));
    }
    await restart(bench);
    for (const tab of tabs) {
      await tab.isConnected();
      await until("no word about trying", () => tab.retry.textContent(), "");
    }
    // What was said before is still there, and the ids are what they were. A tab that was back
    // late may have missed nothing but silence.
    await two.say("we are back");
    await one.shows(`Client #${two.id} says: we are back`);
    await two.shows("You wrote: we are back", `Client #${two.id} says: we are back`);
    await three.shows(`Client #${two.id} says: we are back`);
  },

  async "a server stopped by SIGTERM says Close 1001, a killed one nothing (1006)"(bench) {
    bench.serverMayVanish = true;
    for (const [signal, code] of [["SIGTERM", "1001: the server is going away"], ["SIGKILL", "1006: the connection was lost"]]) {
      const tab = await tabWithHeldClock(bench, 0.9);
      await bench.server.stop(signal);
      await announced(tab);
      assert.equal(await tab.retry.innerText(), `code ${code}, next try in 4 s`);
      await tab.page.close();
      await restart(bench);
    }
  },

  async "the pauses grow to 30 s and depend on chance"(bench) {
    bench.serverMayVanish = true;
    const unlucky = await tabWithHeldClock(bench, 0.999);
    const lucky = await tabWithHeldClock(bench, 0.25);
    await bench.server.stop();
    assert.deepEqual(await pauses(unlucky, 6), [4, 8, 16, 30, 30, 30]);
    assert.deepEqual(await pauses(lucky, 6), [1, 5, 10, 19, 19, 19]);
  },

  async "the countdown counts"(bench) {
    bench.serverMayVanish = true;
    const tab = await tabWithHeldClock(bench, 0.999);
    await bench.server.stop();
    assert.equal(await announced(tab), 4);
    for (const left of [3, 2, 1]) {
      await tab.page.clock.runFor(1000);
      assert.equal(await announced(tab), left);
    }
    assert.equal(await tries(tab), 1);
  },

  async "a network that is back, and a tab that is looked at again, mean an immediate try"(bench) {
    bench.serverMayVanish = true;
    const tab = await tabWithHeldClock(bench, 0.999);
    for (const wake of ["dispatchEvent(new Event('online'))", "document.dispatchEvent(new Event('visibilitychange'))"]) {
      await bench.server.stop();
      await announced(tab);
      await restart(bench);
      await tab.page.evaluate(wake);
      await tab.isConnected();
      const before = await tries(tab);
      await tab.page.evaluate(wake);
      assert.equal(await tries(tab), before, "no second connection beside one that stands");
    }
  },

  async "only a connection that lasts makes the pauses short again"(bench) {
    bench.serverMayVanish = true;
    const tab = await tabWithHeldClock(bench, 0.999);
    const cycle = async (lastedMs) => {
      await tab.page.clock.fastForward(lastedMs);
      await bench.server.stop();
      const pause = await announced(tab);
      await restart(bench);
      await tab.page.clock.fastForward(pause * 1000);
      await tab.isConnected();
      return pause;
    };
    assert.deepEqual([await cycle(0), await cycle(9_000), await cycle(11_000), await cycle(0)], [4, 8, 4, 8]);
  },

  async "what is sent while disconnected stays in the input, and the page says so"(bench) {
    bench.serverMayVanish = true;
    const tab = await tabWithHeldClock(bench, 0.999);
    await bench.server.stop();
    await announced(tab);
    const before = await tries(tab);
    await tab.input.fill("do not lose me");
    await tab.input.press("Enter");
    await until("the hint", () => tab.hint.innerText(), "Not sent yet. Your text is kept.");
    assert.equal(await tab.input.inputValue(), "do not lose me");
    await until("a try at once", () => tries(tab), before + 1);

    await announced(tab);
    await restart(bench);
    await tab.button.click();
    await tab.isConnected();
    assert.equal(await tab.input.inputValue(), "do not lose me");
    await tab.input.press("Enter");
    await tab.shows("You wrote: do not lose me", `Client #${tab.id} says: do not lose me`);
    assert.equal(await tab.input.inputValue(), "");
    assert.equal(await tab.hint.innerText(), "");
  },

  async "what the server never confirmed comes back to the input"(bench) {
    bench.serverMayVanish = true;
    const [tab] = await bench.chatTabs(1);
    await tab.say("confirmed");
    await tab.shows("You wrote: confirmed", `Client #${tab.id} says: confirmed`);
    bench.server.signal("SIGSTOP");
    await tab.say("into");
    await tab.say("the void");
    await tab.input.fill("and this");
    await bench.server.stop("SIGKILL");
    await tab.isDisconnected();
    await until("the texts", () => tab.input.inputValue(), "into the void and this");
    assert.equal(await tab.hint.innerText(), "The connection ended before this was confirmed. It may not have arrived.");
    await tab.shows("You wrote: confirmed", `Client #${tab.id} says: confirmed`);
  },

  async "the code of a Close is said in words, and of a try that failed, that it did"(bench) {
    bench.serverMayVanish = true;
    const tab = await tabWithHeldClock(bench, 0.999);
    const words = await tab.page.evaluate(async () => {
      const { codeInWords } = await import("/codes.js");
      const codes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 2999, 3000, 4000, 4999];
      return [...codes.map((code) => codeInWords(code, "")), codeInWords(4000, "bye"), codeInWords(1000, "bye")];
    });
    assert.ok(words.every((line) => /^code \d{4}: [a-zA-Z0-9 ,()-]+$/.test(line)), words.join("\n"));
    assert.equal(new Set(words).size, words.length - 1);
    assert.deepEqual(words.slice(-3), ["code 4999: the application closed it", "code 4000: the application closed it (bye)", "code 1000: it was over"]);
    await bench.server.stop();
    assert.equal(await announced(tab), 4);
    await tab.page.clock.fastForward(4000);
    await until("the failure", () => tab.retry.innerText(), "it could not be opened, next try in 8 s");
  },

  async "a connection is opened again with a query that is asked for each time, and moves with it"(bench) {
    const tab = await tabWithHeldClock(bench, 0);
    const addresses = [];
    tab.page.on("websocket", (socket) => addresses.push(socket.url().slice(bench.server.url.length - 2)));
    await tab.page.evaluate(async () => {
      const { keepConnected } = await import("/connection.js");
      window.heard = [];
      window.kept = keepConnected("/echo", {
        received: (data) => window.heard.push(typeof data === "string" ? data : new Uint8Array(data).join()),
        opened: () => window.heard.push("opened"),
        ended: () => window.heard.push("ended"),
      });
    });
    const heard = (...expected) => until("what was heard", () => tab.page.evaluate("heard.splice(0, heard.length === " + expected.length + " ? 99 : 0)"), expected);
    await heard("opened");
    await tab.page.evaluate(() => {
      window.kept.socket().send("text");
      window.kept.socket().send(Uint8Array.of(129, 5));
    });
    await heard("text", "129,5");
    await tab.page.evaluate("window.n = 0; kept.reopen(() => `n=${++n}`)");
    await heard("ended", "opened");
    await tab.page.evaluate("kept.socket().close(4000, 'bye')");
    await heard("ended", "opened");
    await tab.page.evaluate("kept.moveTo('/broadcast/x?a=b')");
    await heard("ended", "opened");
    await tab.page.evaluate("kept.reopen(() => '')");
    await heard("ended", "opened");
    await tab.page.evaluate("kept.reopen(null)");
    await heard("ended", "opened");
    const [echo, topic] = ["/echo", "/broadcast/x?a=b"];
    assert.deepEqual(addresses, [echo, `${echo}?n=1`, `${echo}?n=2`, `${topic}&n=3`, topic, topic]);
  },
};
