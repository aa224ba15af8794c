// The npm package `ws` under the bench: /echo and /broadcast. TCP_NODELAY and no compression are its defaults.
//
// With the argument "deflate" it compresses, with its defaults for that: level 6 of zlib, context taken over unless
// the client wants it otherwise, messages of 1,024 bytes and more. With "deflate-1" the level is 1.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const http = createServer();
const compressions = { deflate: true, "deflate-1": { zlibDeflateOptions: { level: 1 } } };
const perMessageDeflate = compressions[process.argv[2]] ?? false;
const sockets = new WebSocketServer({ server: http, perMessageDeflate });
const everybody = new Set();

sockets.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (!request.url.startsWith("/broadcast")) {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    return;
  }
  everybody.add(socket);
  socket.on("close", () => everybody.delete(socket));
  socket.on("message", (data, isBinary) => {
    for (const receiver of everybody) receiver.send(data, { binary: isBinary });
  });
});

// 1024 connections may wait to be accepted, as with the others.
http.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => {
  console.log(`Server running at http://127.0.0.1:${http.address().port}`);
});
