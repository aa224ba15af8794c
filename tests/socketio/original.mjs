// The original as a measure of the tests: socket.io on Node, with the application that ws101 has.
//
//   node original.mjs [PORT]   the chat: `chat message` goes to everybody, and is acknowledged
//   node original.mjs suite    what the public protocol suites want to meet
//
// It says where it listens as ws101 does, and writes the same two lines about sockets that come and go.

import { createServer } from "node:http";
import { Server as Engine } from "engine.io";
import { Server } from "socket.io";

const suite = process.argv[2] === "suite";
const http = createServer();

function chat() {
  const io = new Server(http);
  io.on("connection", (socket) => {
    console.log(`User connected: ${socket.id}`);
    socket.on("disconnect", () => console.log(`Disconnected: ${socket.id}`));
    socket.on("chat message", (message, acknowledge) => {
      io.emit("chat message", message);
      // A stranger may send a second value that is none.
      if (typeof acknowledge === "function") acknowledge("ok");
    });
  });
}

// As in the READMEs of the suites.
function protocols() {
  const options = { pingInterval: 300, pingTimeout: 200, cors: { origin: "*" } };
  const engine = new Engine(options);
  engine.attach(http, { path: "/engine.io/" });
  engine.on("connection", (socket) => {
    socket.on("data", (...message) => socket.send(...message));
  });
  const io = new Server(http, { ...options, connectTimeout: 1000 });
  io.on("connection", (socket) => {
    socket.emit("auth", socket.handshake.auth);
    socket.on("message", (...message) => socket.emit("message-back", ...message));
    socket.on("message-with-ack", (...message) => message.pop()(...message));
  });
  io.of("/custom").on("connection", (socket) => socket.emit("auth", socket.handshake.auth));
}

if (suite) protocols();
else chat();
http.listen(suite ? 0 : Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`Server running at http://127.0.0.1:${http.address().port}`);
});
