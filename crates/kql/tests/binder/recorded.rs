//! Recorded answers: every query that binds has the columns the reference engine gave.

use super::compile;
use super::invariants::check;

/// How many of the recorded queries use supported features only.
const BOUND: usize = 170;

/// The recordings do not tell `int` from `long`.
fn class(ty: &str) -> &str {
    if ty == "int" { "long" } else { ty }
}

#[test]
fn recorded_queries_that_bind_have_the_recorded_columns() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/kql/recorded-answers.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut bound, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let (id, query) = (&record["id"], record["query"].as_str().unwrap());
        let compiled = match compile(query) {
            Ok(compiled) => compiled,
            Err(findings) => {
                if std::env::var_os("SHOW").is_some() {
                    eprintln!("{id}\n{}\n", findings[0].render(query));
                }
                continue;
            }
        };
        bound += 1;
        check(&compiled).unwrap_or_else(|why| panic!("{query}\n{why}"));
        let list = |key: &str| -> Vec<String> {
            let values = record["expected"][key].as_array().unwrap();
            values.iter().map(|v| class(v.as_str().unwrap()).to_owned()).collect()
        };
        let columns = &compiled.statements[0].relation.columns;
        let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
        let types: Vec<String> = columns.iter().map(|c| class(c.ty.name()).to_owned()).collect();
        if names != list("columns") || types != list("types") {
            let expected = &record["expected"];
            wrong.push(format!(
                "{id}\n{query}\n{} {}\n{names:?} {types:?}\n",
                expected["columns"], expected["types"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {bound}\n{}", wrong.len(), wrong.join("\n"));
    assert!(bound >= BOUND, "{bound} bind");
}
