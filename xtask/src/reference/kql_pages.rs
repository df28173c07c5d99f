//! The pages of the query language, from its declarations and the examples of its corpus.

use std::fmt::Write;

use anyhow::Result;
use kql::signatures::{self, Kind, Overload, Param, Returns, Signature, TabularOperator};

use super::Page;
use super::examples::{Example, Examples};

/// All pages of `docs/reference/kql`.
pub fn pages(examples: &Examples) -> Result<Vec<Page>> {
    let mut pages = vec![index()?, operators(examples)?];
    for (title, signatures) in signatures::families() {
        pages.push(family(title, signatures, examples)?);
    }
    Ok(pages)
}

fn file_name(title: &str) -> String {
    format!("{}.md", title.to_lowercase().replace(' ', "-"))
}

fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let quoted = names.into_iter().map(|name| format!("`{name}`"));
    quoted.collect::<Vec<_>>().join(", ")
}

fn index() -> Result<Page> {
    let mut page = String::from(
        "# KQL reference\n\n\
         What stands here is answered, with the semantics of the original.\n\
         What does not is refused with its name and position, never answered otherwise.\n\
         Where an answer differs from the original on purpose, the entry says so; \
         [quirks](../../quirks.md) has the whole list.\n\n\
         ## Tabular operators\n\n",
    );
    let operators = signatures::tabular_operators().iter();
    let spelled = operators.flat_map(|o| [o.name].into_iter().chain(o.aliases.iter().copied()));
    writeln!(page, "{}.\n\nSee [the operators](operators.md).", names(spelled))?;
    for (title, signatures) in signatures::families() {
        let spelled = signatures.iter().map(|s| s.name);
        writeln!(page, "\n## {title}\n\n{}.\n", names(spelled))?;
        writeln!(page, "See [the entries]({}).", file_name(title))?;
    }
    let (_, refused) = kql::operator_names();
    writeln!(page, "\n## Known and refused\n\nThe finding is `SEM0102`.\n")?;
    writeln!(page, "Tabular operators: {}.\n", names(refused))?;
    writeln!(page, "Functions: {}.", names(signatures::known_elsewhere()))?;
    Ok(("kql/README.md".to_owned(), page))
}

fn operators(examples: &Examples) -> Result<Page> {
    let mut page = String::from(
        "# Tabular operators\n\n\
         An operator takes the table before its `|` and yields another.\n",
    );
    for operator in signatures::tabular_operators() {
        operator_entry(&mut page, operator, examples.of_operator(operator.name))?;
    }
    Ok(("kql/operators.md".to_owned(), page))
}

fn operator_entry(
    page: &mut String,
    operator: &TabularOperator,
    example: Option<&Example>,
) -> Result<()> {
    write!(page, "\n## {}\n\n", operator.name)?;
    writeln!(page, "{}", operator.summary)?;
    aliases(page, operator.aliases)?;
    writeln!(page, "\n```\n{}\n```", operator.syntax)?;
    if !operator.rules.is_empty() {
        writeln!(page)?;
    }
    for rule in operator.rules {
        writeln!(page, "- {rule}")?;
    }
    shown(page, example)
}

fn aliases(page: &mut String, aliases: &[&str]) -> Result<()> {
    if !aliases.is_empty() {
        writeln!(page, "Also spelled {}.", names(aliases.iter().copied()))?;
    }
    Ok(())
}

fn shown(page: &mut String, example: Option<&Example>) -> Result<()> {
    if let Some(Example { query, answer, .. }) = example {
        writeln!(page, "\n```kusto\n{query}\n```\n\n```text\n{answer}\n```")?;
    }
    Ok(())
}

fn family(title: &str, signatures: &[Signature], examples: &Examples) -> Result<Page> {
    let mut page = format!("# {title}\n");
    for signature in signatures {
        write!(page, "\n## {}\n\n", signature.name.replace('*', "\\*"))?;
        writeln!(page, "{}.", capitalized(signature.summary))?;
        aliases(&mut page, signature.aliases)?;
        writeln!(page, "\n```")?;
        for overload in signature.overloads {
            writeln!(page, "{}", form(signature, overload))?;
        }
        writeln!(page, "```")?;
        if !signature.differs.is_empty() {
            writeln!(page, "\nDiffers from the original: {}", signature.differs)?;
        }
        shown(&mut page, examples.of_function(signature.name))?;
    }
    Ok((format!("kql/{}", file_name(title)), page))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// `substring(text: string, start: long[, length: long]) -> string`, or `long < long -> bool`.
fn form(signature: &Signature, overload: &Overload) -> String {
    let types: Vec<&str> = overload.params.iter().map(type_name).collect();
    let result = result_name(overload);
    if signature.kind == Kind::Operator {
        return match types.as_slice() {
            [one] => format!("-{one} -> {result}"),
            [value, low, high] if signature.name.ends_with("between") => {
                format!("{value} {} ({low} .. {high}) -> {result}", signature.name)
            }
            [left, right] if overload.repeat.is_some() => {
                format!("{left} {} ({right}, …) -> {result}", signature.name)
            }
            [left, right] => format!("{left} {} {right} -> {result}", signature.name),
            _ => types.join(", "),
        };
    }
    let parameters: Vec<&str> =
        signature.parameters.split(", ").filter(|name| !name.is_empty()).collect();
    let required = types.len() - overload.optional;
    let mut out = format!("{}(", signature.name);
    for (position, ty) in types.iter().enumerate() {
        let open = if position >= required { "[" } else { "" };
        let comma = if position == 0 { "" } else { ", " };
        let _ = match parameters.get(position) {
            Some(name) => write!(out, "{open}{comma}{name}: {ty}"),
            None => write!(out, "{open}{comma}{ty}"),
        };
    }
    if overload.repeat.is_some() {
        out.push_str(", …");
    }
    out.push_str(&"]".repeat(overload.optional));
    format!("{out}) -> {result}")
}

fn type_name(param: &Param) -> &'static str {
    match param {
        Param::Of(ty) | Param::Const(ty) => ty.name(),
        Param::Text | Param::Any | Param::Common => "any",
        Param::Ordered => "number, time or string",
    }
}

fn result_name(overload: &Overload) -> &'static str {
    match overload.returns {
        Returns::Is(ty) => ty.name(),
        Returns::Common => "the type of the arguments",
        Returns::Each => "the type of each argument",
        Returns::First => "the type of the first argument",
    }
}
