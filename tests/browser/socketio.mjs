// The Socket.IO page: the library that the server hands out, its transports, and what happens when the
// server goes away.

import { Server, until } from "./harness.mjs";

const uses = (tab, transport) => until("the transport", () => tab.page.locator("#transport").innerText(), transport);
const choose = (tab, transports) => tab.page.getByLabel("Transport").selectOption(transports);

export default {
  async "socketio: two tabs begin by polling, move on to WebSocket, and hear each other"(bench) {
    const context = await bench.window();
    const [one, two] = [await bench.socketioTab(context), await bench.socketioTab(context)];
    await uses(one, "WebSocket");
    await uses(two, "WebSocket");
    await one.say("<b>grüß dich</b> 🚀");
    await one.shows("<b>grüß dich</b> 🚀");
    await two.shows("<b>grüß dich</b> 🚀");
    await two.say("");
    await two.say("and back");
    await one.shows("<b>grüß dich</b> 🚀", "and back");
  },

  async "socketio: polling only and WebSocket only talk to each other"(bench) {
    const context = await bench.window();
    const [one, two] = [await bench.socketioTab(context), await bench.socketioTab(context)];
    await choose(one, "polling");
    await one.isConnected();
    await uses(one, "polling");
    await choose(two, "websocket");
    await two.isConnected();
    await uses(two, "WebSocket");
    const long = "long".repeat(20_000);
    await one.say("by request");
    await two.shows("by request");
    await two.say(long);
    await one.shows("by request", long);
    await uses(one, "polling");
  },

  async "socketio: after a restart of the server it is back by itself"(bench) {
    const tab = await bench.socketioTab(await bench.window());
    await uses(tab, "WebSocket");
    // What is said does not stay long.
    await tab.page.evaluate(() => {
      window.told = [];
      new MutationObserver(() => window.told.push(document.getElementById("retry").textContent))
        .observe(document.getElementById("retry"), { childList: true });
    });
    const { port } = bench.server;
    await bench.server.stop();
    await tab.isDisconnected();
    await until("the code", () => tab.page.evaluate("told.includes('code 1001: the server is going away, retrying')"));
    await until("what comes next", async () => /, retrying$|^try \d+$/.test(await tab.retry.innerText()));
    await tab.input.fill("here again");
    await tab.input.press("Enter");
    await until("the hint", () => tab.hint.innerText(), "Not sent yet. Your text is kept.");
    bench.server = await Server.start(port);
    await tab.isConnected();
    await tab.say(await tab.input.inputValue());
    await tab.shows("here again");
    // The library tries by requests, too, and the browser tells of each that fails.
    const isOfTheBreak = (text) => /Failed to load resource|WebSocket (is already|connection)|^failed: \S+\/socket\.io\//.test(text);
    bench.problems = bench.problems.filter((text) => !isOfTheBreak(text));
  },
};
