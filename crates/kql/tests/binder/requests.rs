//! What comes with a request besides the text: the instant, the time range, parameters.

use kql::catalog::BindOptions;

use super::{NOW, columns, compile_with};

fn printed(text: &str, parameters: &[(&str, &str)]) -> Result<String, String> {
    let parameters = parameters.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    let options = BindOptions { now: NOW, parameters, ..BindOptions::default() };
    let query = compile_with(text, &options).map_err(|findings| findings[0].message.clone())?;
    let relation = &query.statements[0].relation;
    match &relation.kind {
        kql::bound::RelationKind::Values { rows } => {
            Ok(rows[0].iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        _ => Ok(relation.to_string()),
    }
}

#[test]
fn now_and_ago_are_literals_counted_from_the_instant_of_the_request() {
    let text = "print now(), ago(1d), now(-1h), now() - 30m, ago(1d) - ago(2d)";
    assert_eq!(
        printed(text, &[]).unwrap(),
        "datetime(2024-01-02T03:04:05Z), datetime(2024-01-01T03:04:05Z), \
         datetime(2024-01-02T02:04:05Z), datetime(2024-01-02T02:34:05Z), timespan(1.00:00:00)"
    );
}

#[test]
fn query_now_replaces_the_instant_of_the_request() {
    let text = "set query_now = datetime(2020-01-01); print now()";
    assert_eq!(printed(text, &[]).unwrap(), "datetime(2020-01-01T00:00:00Z)");
}

#[test]
fn parameters_are_values_given_as_literals_or_plain_text() {
    let text = "declare query_parameters(l:long, r:real = 0.5, s:string, t:datetime, d:timespan, \
                b:bool, g:dynamic); print l, r, s, t, d, b, g";
    let given = [
        ("l", "-5"),
        ("s", "it's; print 1"),
        ("t", "datetime(2024-01-01)"),
        ("d", "1h"),
        ("b", "true"),
        ("g", "dynamic([1])"),
    ];
    assert_eq!(
        printed(text, &given).unwrap(),
        "-5, 0.5, \"it's; print 1\", datetime(2024-01-01T00:00:00Z), timespan(01:00:00), true, \
         dynamic([1])"
    );
}

#[test]
fn parameters_of_another_type_are_converted_or_refused() {
    let long = "declare query_parameters(p:long); print p";
    assert_eq!(printed(long, &[("p", "\"7\"")]).unwrap(), "7");
    let refused = "the value given for `p` is not of type long";
    assert_eq!(printed(long, &[("p", "seven")]).unwrap_err(), refused);
    let text = "declare query_parameters(p:string); print p";
    assert_eq!(printed(text, &[("p", "5")]).unwrap(), "\"5\"");
    assert_eq!(printed(text, &[("p", "'quoted'")]).unwrap(), "\"quoted\"");
    let time = "declare query_parameters(p:datetime); print p";
    assert_eq!(printed(time, &[("p", "2024-01-01")]).unwrap(), "datetime(2024-01-01T00:00:00Z)");
}

#[test]
fn the_time_range_of_the_request_stands_above_every_table() {
    let day = 86_400_000_000_000;
    let options =
        BindOptions { now: NOW, time_range: Some((NOW - day, NOW)), ..BindOptions::default() };
    let text = "requests | union AppTraces | where name in (traces | project message) | count";
    let query = compile_with(text, &options).unwrap();
    assert_eq!(columns(&query), "Count:long");
    let printed = query.to_string();
    let range = |column: &str| {
        format!(
            "where (({column} >= datetime(2024-01-01T03:04:05Z)) and \
             ({column} < datetime(2024-01-02T03:04:05Z)))"
        )
    };
    assert_eq!(printed.matches("datetime(2024-01-01T03:04:05Z)").count(), 3, "{printed}");
    assert!(printed.contains(&range("#1")), "{printed}");
}

#[test]
fn options_that_matter_are_handed_on() {
    let options = BindOptions { now: NOW, ..BindOptions::default() };
    let text = "set notruncation; set TruncationMaxRecords = 10; print 1";
    let query = compile_with(text, &options).unwrap();
    assert_eq!(
        query.to_string(),
        "set notruncation = true\nset truncationmaxrecords = 10\nvalues 1 rows  -> print_0#1:long\n"
    );
}

#[test]
fn a_text_longer_than_allowed_is_not_read() {
    let options = BindOptions { now: NOW, text_bytes_max: 10, ..BindOptions::default() };
    let findings = compile_with("requests | count", &options).unwrap_err();
    assert_eq!(findings[0].code, "SYN0009");
}
