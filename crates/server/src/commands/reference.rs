//! `telltale reference`: the generated pages of the reference, from the tables the code uses.

mod functions;

use std::io::Write;

use kql::codes;

use super::Failure;
use crate::routes::{HOOKS, INGESTION, PICTURES, QUERIES};
use crate::settings::{DEFINITIONS, badges, flag, sources, variable};

type Section = (&'static str, fn() -> String);

/// The sections by name.
pub const SECTIONS: [Section; 5] = [
    ("settings", settings),
    ("routes", routes),
    ("tables", tables),
    ("functions", functions::page),
    ("errors", errors),
];

/// The limits of `query::Error::Limit`.
const LIMITS: [&str; 6] =
    ["concurrent_queries", "in_values", "memory", "rows", "time", "value_size"];

/// Prints one section, or all.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(section: Option<&str>) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for (name, write) in SECTIONS {
        if section.is_none_or(|wanted| wanted == name) {
            writeln!(out, "{}", write().trim_end())?;
        }
    }
    Ok(out.flush()?)
}

fn settings() -> String {
    let mut page = String::from(
        "# Settings\n\nA setting is a flag of `telltale serve`, an environment variable, or a key \
         of the TOML file named by `--config` (`TELLTALE_CONFIG`).\nFlags win over variables, \
         variables over the file.\n\n| Key | Flag | Variable | Default | Meaning |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for setting in &DEFINITIONS {
        let default = match setting.default {
            "" => "not set".to_owned(),
            text => format!("`{text}`"),
        };
        page.push_str(&format!(
            "| `{}` | `--{}` | `{}` | {default} | {} |\n",
            setting.name,
            flag(setting.name),
            variable(setting.name),
            setting.about
        ));
    }
    page.push_str(
        "\n## Sources\n\nKeys of a `[[source]]` of the file: an organisation or collection of Azure \
         DevOps that is collected.\n\n| Key | Default | Meaning |\n| --- | --- | --- |\n",
    );
    for key in &sources::KEYS {
        let default = match key.default {
            "" if sources::NEEDED.contains(&key.name) => "needed".to_owned(),
            "" => "not set".to_owned(),
            text => format!("`{text}`"),
        };
        page.push_str(&format!("| `{}` | {default} | {} |\n", key.name, key.about));
    }
    page.push_str(
        "\n## Badges\n\nKeys of `[badges]` of the file: what holds for badges that nothing else \
         was chosen for.\n\n| Key | Default | Meaning |\n| --- | --- | --- |\n",
    );
    for key in &badges::KEYS {
        let default = match key.default {
            "" => "not set".to_owned(),
            text => format!("`{text}`"),
        };
        page.push_str(&format!("| `{}` | {default} | {} |\n", key.name, key.about));
    }
    page
}

fn routes() -> String {
    let mut page = String::from("# Routes\n");
    let groups = [
        ("Telemetry clients (below any path prefix, letter case ignored)", INGESTION.as_slice()),
        ("Service hooks (below any path prefix)", HOOKS.as_slice()),
        ("Queries and administration", QUERIES.as_slice()),
        ("Badges", PICTURES.as_slice()),
    ];
    for (title, routes) in groups {
        page.push_str(&format!(
            "\n## {title}\n\n| Path | Methods | Meaning |\n| --- | --- | --- |\n"
        ));
        for route in routes {
            page.push_str(&format!("| `{}` | {} | {} |\n", route.path, route.methods, route.about));
        }
    }
    page
}

fn tables() -> String {
    let cut = &model::tables::CUT;
    let mut page = String::from("# Tables\n");
    page.push_str(&format!(
        "\nTables of telemetry have one more column in queries that name it: `{}`, {}, says which \
         texts were cut on arrival, by column or `customDimensions.key`, and how many UTF-16 units \
         they had.\n",
        cut.name,
        cut.ty.name()
    ));
    for view in model::tables::views().iter().chain([model::tables::audit::view()]) {
        page.push_str(&format!("\n## {}\n\n{}\n\n", view.name, view.doc));
        page.push_str("| Column | Type |\n| --- | --- |\n");
        for column in &view.columns {
            page.push_str(&format!("| `{}` | {} |\n", column.name, column.ty.name()));
        }
    }
    page
}

fn errors() -> String {
    let mut page = String::from(
        "# Errors\n\n## Rejected items\n\nThe label `reason` of the metric \
         `telltale_items_total`.\n\n",
    );
    for reason in ingest::breeze::Reason::ALL {
        page.push_str(&format!("- `{}`\n", reason.name()));
    }
    let groups = [("Syntax", codes::SYNTAX), ("Meaning", codes::SEMANTIC)];
    page.push_str("\n## Findings about a query\n");
    for (title, codes) in groups {
        page.push_str(&format!("\n### {title}\n\n| Code | Meaning |\n| --- | --- |\n"));
        for (code, meaning) in codes {
            page.push_str(&format!("| `{code}` | {meaning} |\n"));
        }
    }
    page.push_str("\n## Limits met by a query\n\n| Limit | HTTP status |\n| --- | --- |\n");
    for limit in LIMITS {
        let status = crate::error::limit_status(limit).as_u16();
        page.push_str(&format!("| `{limit}` | {status} |\n"));
    }
    page
}
