//! What a visitor does, step by step.

use std::time::Duration;

/// One step. A frame is its first byte and its payload; Pings are answered in between.
#[derive(Debug, Clone)]
pub enum Step {
    /// Writes all of it.
    Send(Vec<u8>),
    /// Writes it byte by byte with this pause, whatever comes back; done when the server ends it.
    Drip(Vec<u8>, Duration),
    /// Writes it so many times, or for as long as the server takes it. Then as `Stay`.
    Flood(Vec<u8>, usize),
    /// A whole response with this status.
    Response(u16),
    /// The response `101`; frames from here on.
    Switched,
    /// The next frame is this one.
    Frame(u8, Vec<u8>),
    /// One of the frames that come now is this one.
    FrameAmong(u8, Vec<u8>),
    /// A Close with this code, perhaps behind other frames, then the end.
    Closed(u16),
    /// The server ends the connection, whatever it says before.
    End,
    /// Stays until everybody has left, and longer than the server may let it. It need not learn of that.
    /// The last step.
    Stay,
    /// Waits until the whole crowd is there.
    Crowd,
    /// Answers no Ping any more.
    Mute,
    /// Reads nothing any more.
    Deaf,
    /// Says that nothing more will be sent.
    HalfClose,
    /// Resets the connection. The last step.
    Reset,
    /// Closes the socket. The last step.
    Leave,
}

impl Step {
    /// What it is called in a message.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Send(_) => "Send",
            Self::Drip(..) => "Drip",
            Self::Flood(..) => "Flood",
            Self::Response(_) => "Response",
            Self::Switched => "Switched",
            Self::Frame(..) => "Frame",
            Self::FrameAmong(..) => "FrameAmong",
            Self::Closed(_) => "Closed",
            Self::End => "End",
            Self::Stay => "Stay",
            Self::Crowd => "Crowd",
            Self::Mute => "Mute",
            Self::Deaf => "Deaf",
            Self::HalfClose => "HalfClose",
            Self::Reset => "Reset",
            Self::Leave => "Leave",
        }
    }
}
