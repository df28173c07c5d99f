//! The forms a query takes on its way, as text: a wrong answer is located by reading them.
//!
//! Invariant: no form names a file of the store; how many a scan would read is told instead.

use std::collections::BTreeSet;

use datafusion::physical_plan::displayable;

use crate::error::Error;
use crate::query::Query;
use crate::run;

/// One form of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Such as `physical plan`; of several statements it says which.
    pub name: String,
    pub text: String,
}

/// All forms below each other, each under its name.
pub fn text(forms: &[Form]) -> String {
    let parts: Vec<String> =
        forms.iter().map(|form| format!("{}\n\n{}\n", form.name, form.text)).collect();
    parts.join("\n")
}

/// Syntax tree, bound query, logical plan and physical plan; sub-queries are run, not shown.
pub(crate) async fn explain(query: &Query) -> Result<Vec<Form>, Error> {
    let form =
        |name: &str, text: String| Form { name: name.to_owned(), text: text.trim_end().to_owned() };
    let parsed = kql::parse(&query.request.text);
    let (state, _pool) = query.resources.session(query.request.limits.memory_bytes)?;
    let mut context = query.context(state)?;
    let bound = query.bind(&mut context).await?;
    let mut forms = vec![
        form("syntax tree", kql::print::query(&parsed.query)),
        form("bound query", bound.to_string()),
    ];
    context.survey(&bound);
    let count = bound.statements.len();
    for (number, statement) in bound.statements.into_iter().enumerate() {
        let named = |name: &str| match count {
            1 => name.to_owned(),
            _ => format!("statement {}: {name}", number + 1),
        };
        let relation = context.prepare(statement.relation).await?;
        let (plan, state, _) = context.plan(&relation)?;
        let optimized = state.optimize(&plan).map_err(run::error)?;
        let physical = run::physical(&state, &plan).await?;
        let physical = displayable(physical.as_ref()).indent(true).to_string();
        forms.push(form(&named("logical plan"), plan.display_indent().to_string()));
        forms.push(form(&named("optimized plan"), optimized.display_indent().to_string()));
        forms.push(form(&named("physical plan"), without_files(&physical)));
    }
    Ok(forms)
}

/// How DataFusion begins and ends the list of files of a scan.
const FILES: (&str, &str) = ("file_groups={", "]}");

/// A physical plan with `files=3` in place of each list of files.
fn without_files(plan: &str) -> String {
    let mut out = String::with_capacity(plan.len());
    let mut rest = plan;
    while let Some((before, from)) = rest.split_once(FILES.0) {
        let (list, after) = from.split_once(FILES.1).unwrap_or((from, ""));
        let list = list.split_once('[').map_or("", |(_, list)| list);
        // A large file is in the list once for each part of it: `path:0..1000`.
        let files: BTreeSet<&str> = list
            .split([',', '[', ']', ' '])
            .map(|part| part.split(':').next().unwrap_or(part))
            .filter(|file| !file.is_empty())
            .collect();
        out.push_str(before);
        out.push_str(&format!("files={}", files.len()));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Form, text, without_files};

    #[test]
    fn files_are_counted_not_named() {
        let plan = "A: file_groups={2 groups: [[x/a.parquet:0..9, x/b.parquet], \
                    [x/a.parquet:9..12]]}, projection=[t]\n  B: file_groups={1 group: []}\n C";
        assert_eq!(without_files(plan), "A: files=2, projection=[t]\n  B: files=0\n C");
        assert_eq!(without_files("no scan"), "no scan");
    }

    #[test]
    fn forms_stand_below_their_names() {
        let form = |name: &str| Form { name: name.to_owned(), text: "x".to_owned() };
        assert_eq!(text(&[form("a"), form("b")]), "a\n\nx\n\nb\n\nx\n");
    }
}
