//! `bag_unpack(column [, prefix] [, columnsConflict] [, ignoredProperties]) [: (schema)]`: the
//! properties of bags as columns, in the order of their names.

use model::Type;

use super::kept;
use crate::binder::Binder;
use crate::binder::coerce::convert;
use crate::binder::expressions::column_ref;
use crate::bound::{Aggregate, Column, Expr, ExprKind, Literal, PathStep, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::question::QuestionKind;
use crate::syntax::{Argument, Evaluate, OutputSchema};

const PARAMETERS: &[&str] =
    &["column", "OutputColumnPrefix", "columnsConflict", "ignoredProperties"];

/// What becomes of a property called like a column of the input.
#[derive(Clone, Copy, PartialEq)]
enum Conflict {
    Error,
    ReplaceSource,
    KeepSource,
}

/// The arguments but the input.
struct Unpack {
    bag: Column,
    prefix: String,
    conflict: Conflict,
    ignored: Vec<String>,
}

impl Binder<'_> {
    pub(super) fn bag_unpack(
        &mut self,
        input: Relation,
        evaluate: &Evaluate,
        span: Span,
    ) -> Option<Relation> {
        let unpack = self.unpack_arguments(&input, evaluate)?;
        if let Some(schema) = &evaluate.schema {
            return self.unpacked_as(input, &unpack, schema, span);
        }
        let (input, bag) = self.repeatable_with(input, &unpack.bag);
        let unpack = Unpack { bag, ..unpack };
        let place = evaluate.plugin.span;
        let question = properties(&input, &unpack.bag, place, self.next_column);
        let answer = self.ask(question, QuestionKind::Properties, place)?;
        let mut found: Vec<(String, Type)> = Vec::with_capacity(answer.len());
        for row in answer {
            if let [Literal::String { value: name, .. }, Literal::String { value: ty, .. }] =
                row.as_slice()
                && !unpack.ignored.contains(name)
            {
                found.push((name.clone(), Type::from_name(ty).unwrap_or(Type::Dynamic)));
            }
        }
        found.sort();
        self.unpacked(input, &unpack, found, span)
    }

    fn unpack_arguments(&mut self, input: &Relation, evaluate: &Evaluate) -> Option<Unpack> {
        self.expect_arguments(evaluate, 1, PARAMETERS.len())?;
        let given = self.plugin_arguments(evaluate, PARAMETERS)?;
        let [Some(column), prefix, conflict, ignored] = given[..] else {
            return self.expect_arguments(evaluate, usize::MAX, usize::MAX).and(None);
        };
        let bag = self.plugin_column(column, &input.columns)?;
        if bag.ty != Type::Dynamic {
            let message = format!("`{}` is of type {}, bags are dynamic", bag.name, bag.ty);
            let finding = Diagnostic::new(codes::WRONG_TYPE, column.value.span, message);
            return self.report(finding.help("`parse_json(…)` reads JSON text"));
        }
        let prefix = match prefix {
            Some(argument) => self.plugin_text(argument)?,
            None => String::new(),
        };
        let conflict = match conflict {
            Some(argument) => self.conflict(argument)?,
            None => Conflict::Error,
        };
        let ignored = match ignored {
            Some(argument) => self.ignored(argument)?,
            None => Vec::new(),
        };
        Some(Unpack { bag, prefix, conflict, ignored })
    }

    fn conflict(&mut self, argument: &Argument) -> Option<Conflict> {
        match self.plugin_text(argument)?.as_str() {
            "error" => Some(Conflict::Error),
            "replace_source" => Some(Conflict::ReplaceSource),
            "keep_source" => Some(Conflict::KeepSource),
            other => {
                let message = format!("`{other}` is no way to resolve conflicts of columns");
                let finding = Diagnostic::new(codes::UNKNOWN_NAME, argument.value.span, message);
                self.report(finding.help("one of `error`, `replace_source`, `keep_source`"))
            }
        }
    }

    fn ignored(&mut self, argument: &Argument) -> Option<Vec<String>> {
        if let Literal::Dynamic(json) = self.plugin_literal(argument)?
            && let Some(names) = texts(&json)
        {
            return Some(names);
        }
        let finding = Diagnostic::new(
            codes::WRONG_TYPE,
            argument.value.span,
            "the properties to ignore are an array of strings",
        );
        self.report(finding.help("for example `dynamic(['a', 'b'])`"))
    }

    /// The input as a relation that gives the same rows in the round of the question and later,
    /// and its column `bag`.
    fn repeatable_with(&mut self, input: Relation, bag: &Column) -> (Relation, Column) {
        let place = input.columns.iter().position(|c| c.id == bag.id);
        let input = self.repeatable(input);
        let bag = place.and_then(|at| input.columns.get(at)).unwrap_or(bag).clone();
        (input, bag)
    }

    /// The input's columns, then the properties; one that clashes stands among these, with the
    /// value of whichever wins.
    fn unpacked(
        &mut self,
        input: Relation,
        unpack: &Unpack,
        found: Vec<(String, Type)>,
        span: Span,
    ) -> Option<Relation> {
        let source: Vec<Column> =
            input.columns.iter().filter(|c| c.id != unpack.bag.id).cloned().collect();
        let mut added: Vec<(String, Expr)> = Vec::with_capacity(found.len());
        for (key, ty) in found {
            let name = format!("{}{key}", unpack.prefix);
            let value = property(&unpack.bag, &key, ty, span);
            let value = match source.iter().find(|column| column.name == name) {
                None => value,
                Some(_) if unpack.conflict == Conflict::ReplaceSource => value,
                Some(column) if unpack.conflict == Conflict::KeepSource => column_ref(column, span),
                Some(_) => return self.conflicting(&name, span),
            };
            added.push((name, value));
        }
        let free = |column: &&Column| added.iter().all(|(name, _)| *name != column.name);
        let source: Vec<Column> = source.iter().filter(free).cloned().collect();
        let mut items = kept(&source, span);
        items.extend(added);
        self.projection(input, items, span)
    }

    fn conflicting<T>(&mut self, name: &str, span: Span) -> Option<T> {
        let message = format!("the bag has a property `{name}`, and the table such a column");
        let help = "give a prefix, or say `columnsConflict='replace_source'` or `'keep_source'`";
        self.report(Diagnostic::new(codes::NAMED_TWICE, span, message).help(help))
    }

    /// The columns of a schema: from the input where it has them, else from the bag.
    fn unpacked_as(
        &mut self,
        input: Relation,
        unpack: &Unpack,
        schema: &OutputSchema,
        span: Span,
    ) -> Option<Relation> {
        let named = |column: &Column| schema.columns.iter().any(|s| s.name.text == column.name);
        let others: Vec<Column> = input
            .columns
            .iter()
            .filter(|c| schema.all && c.id != unpack.bag.id && !named(c))
            .cloned()
            .collect();
        let mut items = kept(&others, span);
        for wanted in &schema.columns {
            let name = &wanted.name.text;
            if items.iter().any(|(taken, _)| taken == name) {
                return self.named_twice(&wanted.name);
            }
            let own = input.columns.iter().find(|c| c.name == *name && c.id != unpack.bag.id);
            let value = match (own, name.strip_prefix(unpack.prefix.as_str())) {
                (Some(column), _) if !schema.all && column.ty == wanted.ty => {
                    column_ref(column, span)
                }
                (_, Some(key)) => property(&unpack.bag, key, wanted.ty, span),
                (_, None) => {
                    let message = format!("`{name}` does not begin with `{}`", unpack.prefix);
                    return self.error(codes::UNKNOWN_NAME, wanted.name.span, message);
                }
            };
            items.push((name.clone(), value));
        }
        self.projection(input, items, span)
    }
}

fn property(bag: &Column, key: &str, ty: Type, span: Span) -> Expr {
    let step = Box::new(PathStep::Key(key.to_owned()));
    let kind = ExprKind::Path { base: Box::new(column_ref(bag, span)), step };
    convert(Expr { kind, ty: Type::Dynamic, span }, ty)
}

/// The properties of all bags of a column and their types, as one bag. `last` is the highest
/// column number given so far: the numbers of a question are used nowhere else.
fn properties(input: &Relation, bag: &Column, span: Span, last: u32) -> Relation {
    let id = crate::bound::ColumnId(last + 1);
    let aggregate = Aggregate {
        function: "bag_columns",
        args: vec![column_ref(bag, span)],
        outputs: vec![(id, Type::Dynamic)],
        filter: None,
        span,
    };
    let columns = vec![Column { id, name: "columns".to_owned(), ty: Type::Dynamic }];
    let kind = RelationKind::Summarize {
        input: Box::new(input.clone()),
        keys: Vec::new(),
        aggregates: vec![aggregate],
    };
    Relation { kind, columns, span }
}

/// The strings of a JSON array of strings.
fn texts(json: &str) -> Option<Vec<String>> {
    let inner = json.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut texts = Vec::new();
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let mut text = String::new();
        let mut chars = rest.strip_prefix('"')?.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => text.push(unescaped(&mut chars)?),
                other => text.push(other),
            }
        }
        texts.push(text);
        rest = chars.as_str().trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some(texts)
}

fn unescaped(chars: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'u' => {
            let digits: String = chars.by_ref().take(4).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
        }
        other => other,
    })
}
