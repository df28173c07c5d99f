//! Reading request bodies under limits on size and time.
//!
//! Invariant: never more than the allowed bytes are held, whatever `Content-Length` claims.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use crate::stream::Gate;

/// How long a sender may pause within a body.
const PAUSE: Duration = Duration::from_secs(15);
/// How long a whole body may take.
const WHOLE: Duration = Duration::from_secs(60);
/// How much of a refused body is read away, so that the sender gets to read the answer.
const DISCARD_BYTES: usize = 128 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    TooLarge,
    TooSlow,
    /// The sender went away or broke the framing.
    Broken,
    /// There is no room for more of it now.
    Refused,
}

/// The length the request states.
pub fn stated_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The whole body, at most `bytes_max` of it. With a `gate` that holds back the connection's end,
/// the end counts while the body is not complete. `has_room` is asked with the bytes so far before
/// more are kept: what a sender only announces takes no room.
///
/// # Errors
/// When it is larger, too slow, or breaks off.
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    gate: Option<&Gate>,
    mut has_room: impl FnMut(usize) -> bool,
) -> Result<Bytes, Fault> {
    let stated = stated_length(headers);
    let mut stream = body.into_data_stream();
    if stated.is_some_and(|length| length > bytes_max) {
        // Who waits for `100 Continue` has sent nothing yet and need not.
        if !headers.contains_key(header::EXPECT) {
            discard(&mut stream).await;
        }
        return Err(Fault::TooLarge);
    }
    let whole = async {
        let mut first: Option<Bytes> = None;
        let mut rest = BytesMut::new();
        while let Some(chunk) = match tokio::time::timeout(PAUSE, next(&mut stream, gate)).await {
            Ok(chunk) => chunk,
            Err(_) => return Err(Fault::TooSlow),
        } {
            let chunk = chunk.map_err(|_| Fault::Broken)?;
            let size = rest.len() + first.as_ref().map_or(0, Bytes::len) + chunk.len();
            if size > bytes_max {
                discard(&mut stream).await;
                return Err(Fault::TooLarge);
            }
            if !has_room(size) {
                discard(&mut stream).await;
                return Err(Fault::Refused);
            }
            match first.take() {
                None if rest.is_empty() => first = Some(chunk),
                None => rest.extend_from_slice(&chunk),
                Some(start) => {
                    // Small bodies come in one piece and are not copied.
                    rest.reserve(2 * (start.len() + chunk.len()));
                    rest.extend_from_slice(&start);
                    rest.extend_from_slice(&chunk);
                }
            }
        }
        Ok(first.unwrap_or_else(|| rest.freeze()))
    };
    tokio::time::timeout(WHOLE, whole).await.unwrap_or(Err(Fault::TooSlow))
}

/// The next piece. The end of the connection is looked at only when no piece is there.
async fn next(
    stream: &mut BodyDataStream,
    gate: Option<&Gate>,
) -> Option<Result<Bytes, axum::Error>> {
    if let Some(gate) = gate {
        tokio::select! {
            biased;
            piece = stream.next() => return piece,
            () = gate.ended() => gate.release(),
        }
    }
    stream.next().await
}

async fn discard(stream: &mut BodyDataStream) {
    let reading = async {
        let mut bytes = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            bytes += chunk.len();
            if bytes > DISCARD_BYTES {
                break;
            }
        }
    };
    // Not read away in time: the connection is closed on the sender, as the answer would be.
    let _ = tokio::time::timeout(DISCARD_TIME, reading).await;
}
