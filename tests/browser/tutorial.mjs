// Pages as projects have them, in a folder that --www names: that of the Django Channels tutorial, and one
// that uses Socket.IO as its tutorial does.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Server, until } from "./harness.mjs";

/** room.html of the Channels documentation (BSD licence), with the room that its template would have put in. */
const ROOM = `<!DOCTYPE html>
<html>
<head>
    <meta charset="utf-8"/>
    <title>Chat Room</title>
    <link rel="icon" href="data:,">
</head>
<body>
    <textarea id="chat-log" cols="100" rows="20"></textarea><br>
    <input id="chat-message-input" type="text" size="100"><br>
    <input id="chat-message-submit" type="button" value="Send">
    <script id="room-name" type="application/json">"lobby"</script>
    <script>
        const roomName = JSON.parse(document.getElementById('room-name').textContent);

        const chatSocket = new WebSocket(
            'ws://'
            + window.location.host
            + '/ws/chat/'
            + roomName
            + '/'
        );

        chatSocket.onmessage = function(e) {
            const data = JSON.parse(e.data);
            document.querySelector('#chat-log').value += (data.message + '\\n');
        };

        chatSocket.onclose = function(e) {
            console.error('Chat socket closed unexpectedly');
        };

        document.querySelector('#chat-message-input').focus();
        document.querySelector('#chat-message-input').onkeyup = function(e) {
            if (e.key === 'Enter') {  // enter, return
                document.querySelector('#chat-message-submit').click();
            }
        };

        document.querySelector('#chat-message-submit').onclick = function(e) {
            const messageInputDom = document.querySelector('#chat-message-input');
            const message = messageInputDom.value;
            chatSocket.send(JSON.stringify({
                'message': message
            }));
            messageInputDom.value = '';
        };
    </script>
</body>
</html>
`;

/** The folder `public` of a project for Express and Socket.IO. One script is asked for with two slashes. */
const PUBLIC = {
  "index.html": `<!DOCTYPE html>
<meta charset="utf-8">
<title>A chat</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="css/look and feel.css">
<ol id="said"></ol>
<form><input aria-label="Line"><button>Say</button></form>
<script src="/socket.io/socket.io.js"></script>
<script src="/js//chat.js"></script>
`,
  "css/look and feel.css": "#said { color: rgb(1, 2, 3); }\n",
  "js/chat.js": `const socket = io();
const line = document.querySelector("input");
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  socket.emit("chat message", line.value);
  line.value = "";
});
socket.on("chat message", (text) => {
  const item = document.createElement("li");
  item.textContent = text;
  document.querySelector("#said").append(item);
});
`,
  "help/index.html": `<!DOCTYPE html>
<title>Help</title>
<link rel="icon" href="data:,">
<script type="module">
  import { io } from "/socket.io/socket.io.esm.min.js";
  import { words } from "./words.mjs";
  io().on("connect", () => document.body.append(words));
</script>
<body></body>
`,
  "help/words.mjs": "export const words = \"One can talk.\";\n",
};

/** Serves a folder with these files instead of the built-in pages, while `act(folder)` runs. */
async function withFolder(bench, files, act) {
  const folder = await mkdtemp(join(tmpdir(), "ws101-tutorial-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    await bench.server.stop();
    bench.server = await Server.start(0, "--www", folder);
    await act(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function open(bench, context, path) {
  const page = await context.newPage();
  bench.watch(page);
  await page.goto(bench.server.url + path);
  return page;
}

export default {
  async "the Channels tutorial's own page, from a folder, chats in two tabs"(bench) {
    await withFolder(bench, { "index.html": ROOM }, async () => {
      const context = await bench.window();
      const pages = [await open(bench, context, "/"), await open(bench, context, "/")];
      for (const page of pages) await until("an open socket", () => page.evaluate("chatSocket.readyState"), 1);
      const [one, two] = pages;
      const input = (page) => page.locator("#chat-message-input");
      const show = async (log) => {
        for (const page of pages) await until("the log", () => page.locator("#chat-log").inputValue(), log);
      };
      await input(one).fill("Hello, é 🚀 \"quoted\"");
      await input(one).press("Enter");
      await show("Hello, é 🚀 \"quoted\"\n");
      await input(two).fill("Hi");
      await two.locator("#chat-message-submit").click();
      await show("Hello, é 🚀 \"quoted\"\nHi\n");
    });
  },

  async "a Socket.IO project's folder: two tabs chat, a page below it imports the module, an edit shows"(bench) {
    await withFolder(bench, PUBLIC, async (folder) => {
      const context = await bench.window();
      const pages = [await open(bench, context, "/"), await open(bench, context, "/index.html")];
      for (const page of pages) {
        const transport = () => page.evaluate("socket.connected && socket.io.engine.transport.name");
        await until("the upgrade", transport, "websocket");
      }
      const said = (page) => page.locator("#said > li").allTextContents();
      for (const [page, text] of [[pages[0], "Hello, é 🚀"], [pages[1], "<b>Hi</b>"]]) {
        await page.getByLabel("Line").fill(text);
        await page.getByRole("button").click();
        for (const other of pages) await until("the line", async () => (await said(other)).at(-1), text);
      }
      const color = () => pages[0].locator("#said").evaluate((list) => getComputedStyle(list).color);
      assert.equal(await color(), "rgb(1, 2, 3)");

      const help = await open(bench, context, "/help?about[]=1");
      assert.equal(help.url(), `${bench.server.url}/help/?about[]=1`);
      await until("a socket", () => help.locator("body").innerText(), "One can talk.");

      await writeFile(join(folder, "css/look and feel.css"), "#said { color: rgb(3, 2, 1); }\n");
      await pages[0].reload();
      assert.equal(await color(), "rgb(3, 2, 1)");
    });
  },
};
