//! Faults of the service, laid over any script: which requests they meet and what they make of the
//! answer.

use std::time::Duration;

use crate::http::{Answer, Delivery};

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 401 without a body.
    Unauthorized,
    /// 403 with the service's JSON.
    Forbidden,
    /// 203 and a page that asks people to sign in, as a bad token is commonly answered.
    SignInPage,
    /// 302 to `/_signin`, which answers 200 and the same page.
    SignInRedirect,
    /// Half of the answer's body, with the length of that half: the JSON ends in the middle.
    HalfPage,
    /// Half of the answer's body, with the length of all of it; then the connection ends.
    ClosedInBody,
    /// The answer's headers; then the connection ends.
    ClosedAfterHeaders,
    /// No byte; the connection ends.
    ClosedUnanswered,
    /// A status without a body.
    Status(u16),
    /// 500 and 503 in turn, without a body.
    Storm,
    /// 429 with error `TF400733` and `Retry-After`, in seconds.
    TooMany(u32),
    /// The right answer with `X-RateLimit-Delay` (in seconds) and the other headers of the budget.
    Delayed(f64),
    /// The right answer with `X-RateLimit-Remaining: 0` and `X-RateLimit-Reset` (epoch seconds).
    Exhausted(i64),
    /// The right answer, after this time.
    Slow(Duration),
    /// The right answer with a body larger than this many bytes, blanks added at its end.
    Padded(usize),
}

/// Which requests a fault meets.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    fault: Fault,
    failing: usize,
    of: usize,
    path: String,
    left: usize,
    met: usize,
}

impl Rule {
    /// Meets every request.
    pub fn always(fault: Fault) -> Self {
        Self { fault, failing: 1, of: 1, path: String::new(), left: usize::MAX, met: 0 }
    }

    /// Meets the first `failing` of every `of` requests that its path admits.
    pub fn some(fault: Fault, failing: usize, of: usize) -> Self {
        Self { failing, of: of.max(1), ..Self::always(fault) }
    }

    /// Only requests whose path contains this, in any letter case.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        self.path = path.to_ascii_lowercase();
        self
    }

    /// Only so many times, then never again.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = count;
        self
    }

    /// Whether the next request with this path meets the fault, and the how-manieth it is.
    pub(crate) fn meets(&mut self, path: &str) -> Option<(Fault, usize)> {
        if !path.to_ascii_lowercase().contains(&self.path) {
            return None;
        }
        let number = self.met;
        self.met += 1;
        if self.left == 0 || number % self.of >= self.failing {
            return None;
        }
        self.left -= 1;
        Some((self.fault.clone(), number))
    }
}

/// The path that a redirect to the sign-in page leads to.
pub(crate) const SIGN_IN: &str = "/_signin";

/// The page people are asked to sign in on.
pub(crate) fn sign_in_page(status: u16) -> Answer {
    Answer::html(
        status,
        "<!DOCTYPE html><html lang=\"en\"><head><title>Sign in</title></head>\
         <body><form method=\"post\"><input name=\"loginfmt\"></form></body></html>",
    )
}

impl Fault {
    /// Whether the script is asked at all: a request that is refused at the door uses up nothing.
    pub(crate) fn asks_the_script(&self) -> bool {
        matches!(
            self,
            Self::HalfPage
                | Self::ClosedInBody
                | Self::ClosedAfterHeaders
                | Self::Delayed(_)
                | Self::Exhausted(_)
                | Self::Slow(_)
                | Self::Padded(_)
        )
    }

    /// What is sent in place of `answer`, and how much of it; `number` counts the requests that
    /// met the rule before this one.
    pub(crate) fn apply(&self, mut answer: Answer, url: &str, number: usize) -> (Answer, Delivery) {
        let sent = match self {
            Self::Unauthorized => Answer::empty(401)
                .with("WWW-Authenticate", "Basic realm=\"https://dev.azure.com/\""),
            Self::Forbidden => {
                Answer::json(403, refusal("TF400813", "UnauthorizedRequestException"))
            }
            Self::SignInPage => sign_in_page(203),
            Self::SignInRedirect => Answer::empty(302).with("Location", format!("{url}{SIGN_IN}")),
            Self::HalfPage => {
                answer.body.truncate(answer.body.len() / 2);
                answer
            }
            Self::ClosedInBody => return (answer, Delivery::Half),
            Self::ClosedAfterHeaders => return (answer, Delivery::Head),
            Self::ClosedUnanswered => return (answer, Delivery::Nothing),
            Self::Status(status) => Answer::empty(*status),
            Self::Storm => Answer::empty(if number.is_multiple_of(2) { 500 } else { 503 }),
            Self::TooMany(seconds) => {
                let body = refusal("TF400733", "RequestBlockedException");
                budget(Answer::json(429, body), 0, 0).with("Retry-After", seconds)
            }
            Self::Delayed(seconds) => budget(answer, 20, 0).with("X-RateLimit-Delay", seconds),
            Self::Exhausted(reset) => budget(answer, 0, *reset),
            Self::Slow(_) => answer,
            Self::Padded(size) => {
                answer.body.resize(answer.body.len().max(size + 1), b' ');
                answer
            }
        };
        (sent, Delivery::Whole)
    }

    /// How long the answer is held back.
    pub(crate) fn wait(&self) -> Duration {
        match self {
            Self::Slow(time) => *time,
            _ => Duration::ZERO,
        }
    }
}

/// Adds the headers of the budget (spec azure-devops.md §1.5).
fn budget(answer: Answer, remaining: u32, reset: i64) -> Answer {
    answer
        .with("X-RateLimit-Resource", "Core/anonymous")
        .with("X-RateLimit-Limit", 200)
        .with("X-RateLimit-Remaining", remaining)
        .with("X-RateLimit-Reset", reset)
}

/// The JSON of a refusal.
fn refusal(code: &str, kind: &str) -> Vec<u8> {
    error_json(&format!("{code}: The request is refused."), kind)
}

/// The JSON that the service explains an error with.
pub(crate) fn error_json(message: &str, kind: &str) -> Vec<u8> {
    let body = serde_json::json!({
        "$id": "1",
        "innerException": null,
        "message": message,
        "typeName": format!("Microsoft.TeamFoundation.{kind}, Microsoft.TeamFoundation"),
        "typeKey": kind,
        "errorCode": 0,
        "eventId": 3000,
    });
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_the_requests_they_admit() {
        let mut rule = Rule::some(Fault::Storm, 2, 3).at("/TIMELINE").times(3);
        let met: Vec<bool> =
            (0..9).map(|_| rule.meets("/o/p/_apis/build/builds/1/Timeline").is_some()).collect();
        assert_eq!(met, [true, true, false, true, false, false, false, false, false]);
        assert_eq!(rule.meets("/o/p/_apis/build/builds"), None);
    }
}
