//! Just enough of HTTP/1.1: requests with a length, answers with a length, kept connections, and
//! the ways in which an answer can break off.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Bytes of a request's line and headers together.
const HEAD_MAX: u64 = 64 << 10;
/// Bytes of a request's body.
const BODY_MAX: usize = 4 << 20;

/// A request as it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path without query, percent escapes decoded.
    pub path: String,
    /// Keys and values of the query in their order, decoded.
    pub query: Vec<(String, String)>,
    /// Names as sent, and values.
    pub headers: Vec<(String, String)>,
    /// The body, empty when there is none.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header, its name in any letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The value of a query key, in any letter case; the first if there are several.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names and values; length, connection and date are added when it is written.
    pub headers: Vec<(String, String)>,
    /// The body; an answer with status 204 has none.
    pub body: Vec<u8>,
}

impl Answer {
    /// No body at all, as the service answers 204, 429 and 500.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A body of JSON.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::empty(status)
            .with("Content-Type", "application/json; charset=utf-8; api-version=5.0")
            .body(body)
    }

    /// A page for people.
    pub fn html(status: u16, body: &str) -> Self {
        Self::empty(status).with("Content-Type", "text/html; charset=utf-8").body(body)
    }

    /// A body of plain text.
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::empty(status).with("Content-Type", "text/plain; charset=utf-8").body(body)
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// How much of an answer is sent before the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// All of it; the connection stays.
    Whole,
    /// Nothing; the connection ends.
    Nothing,
    /// The headers, announcing a body that never comes.
    Head,
    /// The headers and half of the announced body.
    Half,
}

/// Reads one request; nothing when the connection ended between requests.
pub(crate) fn read(connection: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut head = connection.by_ref().take(HEAD_MAX);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no request line"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: decode(path, false),
        query: query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = request.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    if length > BODY_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a body too large"));
    }
    request.body = vec![0; length];
    connection.read_exact(&mut request.body)?;
    Ok(Some(request))
}

fn pair(text: &str) -> (String, String) {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    (decode(key, true), decode(value, true))
}

/// Decodes percent escapes, and `+` where it means a blank; what is no escape stays.
fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (byte, escape.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 2;
            }
            (b'+', _) if plus => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Sends an answer as far as `delivery` says.
pub(crate) fn write(to: &mut TcpStream, answer: &Answer, delivery: Delivery) -> io::Result<()> {
    if delivery == Delivery::Nothing {
        return Ok(());
    }
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, phrase(answer.status));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if answer.status != 204 {
        head.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
    }
    head.push_str("\r\n");
    let body: &[u8] = match delivery {
        Delivery::Whole => &answer.body,
        Delivery::Half => answer.body.get(..answer.body.len() / 2).unwrap_or_default(),
        Delivery::Head | Delivery::Nothing => &[],
    };
    to.write_all(head.as_bytes())?;
    to.write_all(body)?;
    to.flush()
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_other_text_stays() {
        assert_eq!(decode("a%20b+c%zz%", true), "a b c%zz%");
        assert_eq!(decode("a+b", false), "a+b");
        assert_eq!(
            pair("buildUri=vstfs%3A%2F%2F%2FBuild%2FBuild%2F103").1,
            "vstfs:///Build/Build/103"
        );
        assert_eq!(decode("%e2%82%ac€", true), "€€");
    }
}
