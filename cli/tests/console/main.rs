//! The pages, asked for as a browser asks: what they say is what is so, in every scenario; no text
//! becomes markup; and only this machine's own address is answered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crowd;
mod guarded;
mod hostile;
mod http;
mod live;
mod played;
mod says;
