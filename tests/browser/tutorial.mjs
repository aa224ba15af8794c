// The page of the Django Channels tutorial, as a project has it: in a folder that --www names.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

export default {
  async "the Channels tutorial's own page, from a folder, chats in two tabs"(bench) {
    const folder = await mkdtemp(join(tmpdir(), "ws101-tutorial-"));
    await writeFile(join(folder, "index.html"), ROOM);
    await bench.server.stop();
    bench.server = await Server.start(0, "--www", folder);
    try {
      const context = await bench.window();
      const pages = [await context.newPage(), await context.newPage()];
      for (const page of pages) {
        bench.watch(page);
        await page.goto(bench.server.url);
        await until("an open socket", () => page.evaluate("chatSocket.readyState"), 1);
      }
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
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
