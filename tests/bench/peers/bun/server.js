// Bun's own WebSocket server under the bench: /echo and /broadcast, the latter by its publish.
// No compression is its default; its Pings and its deadline for silence are off, as with the others.
// With the argument "deflate" it compresses, with its defaults for that.

const perMessageDeflate = process.argv[2] === "deflate";

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request, server) {
    const broadcasts = new URL(request.url).pathname.startsWith("/broadcast");
    if (server.upgrade(request, { data: { broadcasts } })) return;
    return new Response("this is a WebSocket server", { status: 426 });
  },
  websocket: {
    perMessageDeflate,
    idleTimeout: 0,
    sendPings: false,
    open(socket) {
      if (socket.data.broadcasts) socket.subscribe("everybody");
    },
    message(socket, message) {
      if (socket.data.broadcasts) server.publish("everybody", message, perMessageDeflate);
      else socket.send(message, perMessageDeflate);
    },
  },
});

console.log(`Server running at http://127.0.0.1:${server.port}`);
