//! An echo server on `ws101::http` and `ws101::ws` alone: `cargo run --example echo`. Each connection has a thread.
//! It keeps no deadline, and takes any number of connections: for more there is `ws101::hub`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use ws101::http::head;
use ws101::ws::endpoint::{Endpoint, Event, Limits};
use ws101::ws::{frame, frame::Opcode, handshake};

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("9001".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("Server running at http://{}", listener.local_addr()?);
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || serve(&stream));
    }
    Ok(())
}

fn serve(mut stream: &TcpStream) -> io::Result<()> {
    let (mut reader, mut endpoint) = (BufReader::new(stream), Endpoint::default());
    let mut lines = reader.by_ref().take(16 << 10);
    let (mut request, mut fields, mut answer) = (Vec::new(), head::NO_FIELDS, Vec::new());
    while let Ok(None) = head::head_len(&request)
        && lines.read_until(b'\n', &mut request)? > 0
    {}
    let judged = head::head_len(&request).and_then(|_| head::parse(&mut request, &mut fields));
    let opened = judged.and_then(|head| handshake::check(&head));
    let mut goes_on = opened.is_ok();
    match opened {
        Ok(handshake) => handshake.write(&mut answer, None, None),
        Err(rejection) => rejection.write(&mut answer),
    }
    while goes_on {
        stream.write_all(&std::mem::take(&mut answer))?;
        let mut bytes = reader.fill_buf()?.to_vec();
        reader.consume(bytes.len());
        goes_on = !bytes.is_empty() && echo(&mut endpoint, &mut bytes, &mut answer);
    }
    stream.write_all(&answer)?;
    // To close at once could take from the peer what it has not read.
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut reader, &mut io::sink()).map(drop)
}

/// Answers what has arrived. `false`: the connection is over.
fn echo(endpoint: &mut Endpoint, mut bytes: &mut [u8], answer: &mut Vec<u8>) -> bool {
    let code = loop {
        match endpoint.receive(&mut bytes, &Limits::default()) {
            Ok(Some(Event::Message(it))) => frame::encode(answer, it.opcode(), [&it.to_vec()]),
            Ok(Some(Event::Ping(payload))) => frame::encode(answer, Opcode::Pong, [&payload]),
            Ok(Some(Event::Close(code))) => break code,
            Ok(Some(Event::Pong | Event::Growing(_))) => {}
            Ok(None) => return true,
            Err(violation) => break Some(violation.close_code()),
        }
    };
    frame::encode_close(answer, code, "");
    false
}
