//! fastwebsockets under the bench: `/echo` and `/broadcast` in the way of the library's own examples.
//!
//! One thread (tokio's `current_thread`), hyper for the handshake, a task per connection. For broadcasts,
//! which the examples do not have, the connection is split and a second task writes what comes through a
//! channel: the payload is shared, the frame is written by the library.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use slab::Slab;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::unconstrained;

type Everybody = Arc<Mutex<Slab<UnboundedSender<(OpCode, Bytes)>>>>;

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn broadcast(upgraded: UpgradeFut, everybody: Everybody) -> Result<(), WebSocketError> {
    let (reader, mut writer) = upgraded.await?.split(tokio::io::split);
    let mut reader = FragmentCollectorRead::new(reader);
    let (sender, mut receiver) = unbounded_channel();
    let key = lock(&everybody).insert(sender);
    tokio::spawn(unconstrained(async move {
        while let Some((opcode, payload)) = receiver.recv().await {
            let payload = Payload::Borrowed(&payload);
            let frame = Frame::new(true, opcode, None, payload);
            if writer.write_frame(frame).await.is_err() {
                return;
            }
        }
    }));
    let result = loop {
        // The answers that the library asks for here are to Pings and Closes: the generator sends none.
        let mut answer = |_| async { Ok::<_, WebSocketError>(()) };
        let frame = match reader.read_frame(&mut answer).await {
            Ok(frame) => frame,
            Err(error) => break Err(error),
        };
        match frame.opcode {
            OpCode::Close => break Ok(()),
            OpCode::Text | OpCode::Binary => {
                let payload = Bytes::copy_from_slice(&frame.payload);
                for (_, sender) in &*lock(&everybody) {
                    let _ = sender.send((frame.opcode, payload.clone()));
                }
            }
            _ => {}
        }
    };
    lock(&everybody).remove(key);
    result
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    mut request: Request<Incoming>,
    everybody: Everybody,
) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade(&mut request)?;
    if request.uri().path().starts_with("/broadcast") {
        tokio::spawn(unconstrained(broadcast(upgraded, everybody)));
    } else {
        tokio::spawn(unconstrained(echo(upgraded)));
    }
    Ok(response)
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("Server running at http://{}", listener.local_addr()?);
        let everybody = Everybody::default();
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let everybody = everybody.clone();
            let service = service_fn(move |request| serve(request, everybody.clone()));
            tokio::spawn(
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades(),
            );
        }
    })
}
