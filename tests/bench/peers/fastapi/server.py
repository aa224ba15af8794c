"""FastAPI with uvicorn under the bench: /echo and /broadcast, as its documentation writes them.

One worker; event loop, HTTP parser and WebSocket library are what uvicorn picks by itself (of what
`uvicorn[standard]` brings). Logs, compression and Pings are off. TCP_NODELAY is the event loop's default.
"""

import socket

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
everybody: list[WebSocket] = []


async def receive(websocket: WebSocket):
    """The next message, as text or as bytes."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    return message.get("text") if message.get("text") is not None else message["bytes"]


async def send(websocket: WebSocket, data: str | bytes) -> None:
    """Sends it as what it came."""
    if isinstance(data, str):
        await websocket.send_text(data)
    else:
        await websocket.send_bytes(data)


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await send(websocket, await receive(websocket))
    except WebSocketDisconnect:
        pass


@app.websocket("/broadcast/{topic}")
async def broadcast(websocket: WebSocket, topic: str) -> None:
    await websocket.accept()
    everybody.append(websocket)
    try:
        while True:
            data = await receive(websocket)
            for receiver in list(everybody):
                try:
                    await send(receiver, data)
                except (WebSocketDisconnect, RuntimeError):
                    pass  # it has gone; its own task will notice
    except WebSocketDisconnect:
        everybody.remove(websocket)


class Server(uvicorn.Server):
    """Says where it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        address, port = listener.getsockname()
        print(f"Server running at http://{address}:{port}", flush=True)


listener = socket.create_server(("127.0.0.1", 0))
config = uvicorn.Config(
    app,
    backlog=1024,
    log_level="critical",
    access_log=False,
    ws_per_message_deflate=False,
    ws_ping_interval=None,
)
Server(config).run([listener])
