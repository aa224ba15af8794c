// socket.io under the bench: the chat of its tutorial. What somebody says goes to everybody, by `io.emit`.
//
// TCP_NODELAY and no compression are its defaults. Its heartbeat, every 25 s, is on as it is with ours: it belongs to
// the protocol.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);

io.on("connection", (socket) => {
  socket.on("chat message", (message) => io.emit("chat message", message));
});

// 1024 connections may wait to be accepted, as with the others.
http.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => {
  console.log(`Server running at http://127.0.0.1:${http.address().port}`);
});
