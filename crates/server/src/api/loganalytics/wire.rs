//! JSON shapes of the Log Analytics API that the Application Insights API lacks: the answers of a
//! batch (spec query-api.md §4).

use model::json::write_string;

/// The answer of one member of a batch.
#[derive(Debug)]
pub struct Answered {
    pub id: String,
    /// HTTP status.
    pub status: u16,
    /// The date from which the member may be sent again.
    pub retry_after: Option<String>,
    /// JSON text.
    pub body: String,
}

/// The text of a batch's answer.
pub fn responses(answers: &[Answered]) -> String {
    let size: usize = answers.iter().map(|answer| answer.body.len() + 128).sum();
    let mut out = String::with_capacity(size);
    out.push_str("{\"responses\":[");
    for (i, answer) in answers.iter().enumerate() {
        out.push_str(if i == 0 { "{\"id\":" } else { ",{\"id\":" });
        write_string(&mut out, &answer.id);
        out.push_str(",\"status\":");
        out.push_str(&answer.status.to_string());
        out.push_str(",\"headers\":{\"Content-Type\":\"application/json; charset=utf-8\"");
        if let Some(seconds) = &answer.retry_after {
            out.push_str(",\"Retry-After\":");
            write_string(&mut out, seconds);
        }
        out.push_str("},\"body\":");
        out.push_str(&answer.body);
        out.push('}');
    }
    out.push_str("]}");
    out
}
