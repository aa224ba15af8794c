// ?server=…: the pages talk to a server that somebody builds, if it is near, and to no other.

import assert from "node:assert/strict";
import { ChatTab, EchoTab, Server, until } from "./harness.mjs";

/** What is near, and what the browser makes of it. */
const NEAR = {
  "ws://127.0.0.1:9000/ws/": "ws://127.0.0.1:9000/ws/",
  "wss://localhost/": "wss://localhost/",
  "WS://LOCALHOST:8000": "ws://localhost:8000/",
  "ws://127.255.255.255/": "ws://127.255.255.255/",
  "ws://10.0.0.1/": "ws://10.0.0.1/",
  "ws://172.16.0.1/": "ws://172.16.0.1/",
  "ws://172.31.255.255/": "ws://172.31.255.255/",
  "ws://192.168.178.20:8000/echo": "ws://192.168.178.20:8000/echo",
  "ws://169.254.1.1/": "ws://169.254.1.1/",
  "ws://[::1]:9000/": "ws://[::1]:9000/",
  "ws://[0:0:0:0:0:0:0:1]/": "ws://[::1]/",
  "ws://[fc00::1]/": "ws://[fc00::1]/",
  "ws://[fdff:1:2::3]/": "ws://[fdff:1:2::3]/",
  "ws://[fe80::1]/": "ws://[fe80::1]/",
  "ws://[febf::1]/": "ws://[febf::1]/",
  "ws://raspberrypi.local:8000/ws": "ws://raspberrypi.local:8000/ws",
  "ws://a.b.local/": "ws://a.b.local/",
  "ws://2130706433/": "ws://127.0.0.1/",
  "ws://0x7f.1/": "ws://127.0.0.1/",
  "ws://0300.0250.1.1/": "ws://192.168.1.1/",
  "ws://127.1:80/": "ws://127.0.0.1/",
  "ws://127.0.0.1./": "ws://127.0.0.1/",
  "ws:127.0.0.1": "ws://127.0.0.1/",
  " ws://127.0.0.1/\n": "ws://127.0.0.1/",
  "ws://１２７.0.0.1/": "ws://127.0.0.1/",
  "ws://127.0.0.1/?a=b": "ws://127.0.0.1/?a=b",
};

const SCHEME = "the address must begin with ws:// or wss://";
const NAMED = "there must be no name or password in the address";
const FAR = "only a server on this machine or in your own network may be used here";
const NONE = "this is not the address of a server";
const FRAGMENT = "the address must not have a part behind #";

const REFUSED = {
  "": NONE,
  " ": NONE,
  "127.0.0.1:9000": NONE,
  "/ws/": NONE,
  "//127.0.0.1/": NONE,
  "ws://": NONE,
  "ws://127.0.0.1:99999/": NONE,
  "ws://127.0.0.256/": NONE,
  "ws://[::1/": NONE,
  "ws://[fe80::1%25eth0]/": NONE,
  "http://127.0.0.1/": SCHEME,
  "https://127.0.0.1/": SCHEME,
  "javascript:alert(1)": SCHEME,
  "data:text/html,x": SCHEME,
  "file:///etc/passwd": SCHEME,
  "wsx://127.0.0.1/": SCHEME,
  "localhost:9000": SCHEME,
  "ws://user@127.0.0.1/": NAMED,
  "ws://:word@127.0.0.1/": NAMED,
  "ws://127.0.0.1@evil.com/": NAMED,
  "ws://127.0.0.1:80@evil.com/": NAMED,
  "ws://127.0.0.1/#x": FRAGMENT,
  "ws://127.0.0.1/#": FRAGMENT,
  "ws://evil.com/": FAR,
  "ws://127.0.0.1.evil.com/": FAR,
  "ws://10.evil.com/": FAR,
  "ws://localhost.evil.com/": FAR,
  "ws://evil.com/127.0.0.1": FAR,
  "ws://evil.com?127.0.0.1": FAR,
  "ws://evil.com\\@127.0.0.1/": FAR,
  "ws://notlocalhost/": FAR,
  "ws://local/": FAR,
  "ws://.local/": FAR,
  "ws://evillocal/": FAR,
  "ws://evil.local.com/": FAR,
  "ws://0.0.0.0/": FAR,
  "ws://8.8.8.8/": FAR,
  "ws://134744072/": FAR,
  "ws://0x08.8.8.8/": FAR,
  "ws://126.255.255.255/": FAR,
  "ws://128.0.0.1/": FAR,
  "ws://11.0.0.1/": FAR,
  "ws://172.15.0.1/": FAR,
  "ws://172.32.0.1/": FAR,
  "ws://192.167.0.1/": FAR,
  "ws://192.169.0.1/": FAR,
  "ws://169.253.0.1/": FAR,
  "ws://010.0.0.1/": FAR, // octal: 8.0.0.1
  "ws://[::]/": FAR,
  "ws://[::2]/": FAR,
  "ws://[::ffff:8.8.8.8]/": FAR,
  "ws://[::ffff:127.0.0.1]/": FAR,
  "ws://[::127.0.0.1]/": FAR,
  "ws://[fc::1]/": FAR,
  "ws://[fe00::1]/": FAR,
  "ws://[fec0::1]/": FAR,
  "ws://[ff02::1]/": FAR,
  "ws://[2001:db8::fe80]/": FAR,
};

/** A page of this bench's server that talks to `server`; a list of the addresses that it connects to. */
async function open(bench, page, server) {
  const Tab = page === "echo.html" ? EchoTab : ChatTab;
  const tab = new Tab(await (bench.contexts[0] ?? await bench.window()).newPage());
  bench.watch(tab.page);
  tab.sockets = [];
  tab.page.on("websocket", (socket) => tab.sockets.push(socket.url()));
  await tab.page.goto(`${bench.server.url}/${page}?server=${encodeURIComponent(server)}`);
  tab.bar = tab.page.locator("#server");
  return tab;
}

export default {
  async "server: which addresses may be used, and what is said of the others"(bench) {
    const [tab] = await bench.chatTabs(1);
    const judge = (texts) => tab.page.evaluate(async (texts) => {
      const { serverOf } = await import("/server.js");
      return texts.map(serverOf);
    }, texts);
    const expected = Object.values(NEAR).map((address) => ({ address }));
    assert.deepEqual(await judge(Object.keys(NEAR)), expected);
    const judged = await judge(Object.keys(REFUSED));
    const found = Object.fromEntries(Object.keys(REFUSED).map((text, at) => [text, judged[at].refused ?? judged[at].address]));
    assert.deepEqual(found, REFUSED);
  },

  async "server: chat, rooms and echo talk to another server, say so, and lead back"(bench) {
    const other = await Server.start(0, "--allow-origin", bench.server.url);
    try {
      const ws = other.url.replace("http:", "ws:");
      const chat = await open(bench, "index.html", `${ws}/ws/`);
      await chat.isConnected();
      const id = await chat.page.locator("#ws-id").innerText();
      assert.deepEqual(chat.sockets, [`${ws}/ws/${id}`]);
      assert.equal(await chat.bar.innerText(), `This page talks to another server: ${ws}/ws/${id}. Back to the page’s own server`);
      await chat.say("Hello");
      await chat.shows("You wrote: Hello", `Client #${id} says: Hello`);

      const rooms = await open(bench, "rooms.html", `${ws}/ws/chat/`);
      await rooms.isConnected();
      assert.deepEqual(rooms.sockets, [`${ws}/ws/chat/lobby/`]);
      await rooms.say("Hello");
      await rooms.shows("YouHello");
      await rooms.page.getByRole("textbox", { name: "Room" }).fill("kitchen");
      await rooms.page.getByRole("button", { name: "Enter" }).click();
      await until("the other room", async () => /\/ws\/chat\/kitchen\/\. /.test(await rooms.bar.innerText()));
      await rooms.isConnected();
      assert.equal(rooms.sockets.at(-1), `${ws}/ws/chat/kitchen/`);

      const echo = await open(bench, "echo.html", `${ws}/broadcast/x?a=b`);
      await echo.isConnected();
      assert.deepEqual(echo.sockets, [`${ws}/broadcast/x?a=b`]);
      assert.equal(await echo.page.locator("#places").isVisible(), false);
      await echo.say("Hello");
      await until("it came back", async () => /^Came back: .*Hello$/.test((await echo.lines())[0]));

      for (const tab of [chat, rooms, echo]) {
        const links = await tab.page.locator(".pages a").evaluateAll((links) => links.map((link) => link.href));
        assert.ok(links.every((link) => link.startsWith(bench.server.url) && !link.includes("server=")), links.join());
        await tab.bar.getByRole("link").click();
        await tab.isConnected();
        assert.equal(await tab.bar.isVisible(), false);
        assert.equal(new URL(tab.page.url()).search, "");
      }
    } finally {
      await other.stop("SIGKILL");
    }
  },

  async "server: one that sends bytes, no JSON, or the same text back is shown as it is"(bench) {
    const context = await bench.window();
    await context.addInitScript(() => (Math.random = () => 0.999)); // the pause, in which the code can be read, is 4 s
    await context.routeWebSocket(/127\.0\.0\.1:9\//, (socket) => socket.onMessage((data) => {
      socket.send(data);
      socket.send(Buffer.from([0x81, 0x05]));
      socket.send("not { JSON");
      socket.close({ code: 4001, reason: "enough" });
    }));
    for (const page of ["index.html", "rooms.html", "echo.html"]) {
      const tab = await open(bench, page, "ws://127.0.0.1:9/");
      await tab.isConnected();
      await tab.say("mine");
      await until("three rows", () => tab.rows.count(), 3);
      const lines = await tab.lines();
      assert.match(lines[0], /mine$/, page);
      assert.match(lines[1], /81 05$/, page);
      assert.match(lines[2], /not \{ JSON$/, page);
      const told = /^code 4001: the application closed it \(enough\), /;
      await until("the code", async () => told.test(await tab.retry.innerText()));
      assert.equal(await tab.input.inputValue(), "", `${page}: it was confirmed`);
      await tab.page.close();
    }
  },

  async "server: one that is far is not connected to, and the page says why"(bench) {
    for (const page of ["index.html", "rooms.html", "echo.html"]) {
      for (const [address, why] of [["ws://127.0.0.1.evil.com/", FAR], ["", NONE], ["<b>x</b>", NONE]]) {
        const tab = await open(bench, page, address);
        await tab.isDisconnected();
        assert.equal(await tab.bar.innerText(), `Not connected to “${address}”: ${why}. Back to the page’s own server`);
        await tab.input.fill("kept");
        await tab.input.press("Enter");
        await until("the hint", () => tab.hint.innerText(), "Not sent yet. Your text is kept.");
        assert.equal(await tab.input.inputValue(), "kept");
        await tab.page.evaluate(() => dispatchEvent(new Event("online")));
        assert.equal(await tab.state(), "Disconnected");
        assert.deepEqual(tab.sockets, []);
        await tab.bar.getByRole("link").click();
        await tab.isConnected();
        await tab.page.close();
      }
    }
  },
};
