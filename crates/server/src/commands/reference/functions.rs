//! The page of the stored functions: what they take, what they yield, how they are defined.

use kql::stored::{StoredFunction, built_in};

pub(super) fn page() -> String {
    let mut page = String::from(
        "# Functions\n\nStored functions can be called in every query; without arguments a name \
         alone is enough.\n[Reports](../reports.md) says how they belong together.\n",
    );
    for function in built_in() {
        let (name, takes) = (&function.name, function.parameters());
        let takes = takes.split_whitespace().collect::<Vec<_>>().join(" ");
        page.push_str(&format!("\n## {name}\n\n{}\n\n", function.doc));
        page.push_str(&format!("```kusto\n{name}{takes}\n```\n"));
        page.push_str(&columns(function));
    }
    page
}

/// The columns a table function yields, as a table; nothing when it has to be given something.
fn columns(function: &StoredFunction) -> String {
    let Some(columns) = kql::stored::columns(function) else { return String::new() };
    let mut table = String::from("\n| Column | Type |\n| --- | --- |\n");
    for column in columns {
        table.push_str(&format!("| `{}` | {} |\n", column.name, column.ty.name()));
    }
    table
}
