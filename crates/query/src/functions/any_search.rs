//! Looking for one text in many columns at once: `* has "word"`, and in a bag without putting it
//! together.
//!
//! `tostring(bag) has "word"` asks whether one of the bag's keys or values has the word, as long as
//! the word holds no character that stands between them. Then the columns a bag was taken apart
//! into are searched, and those whose key has the word are not even read. However many columns
//! there are, the search is one function: expressions of many parts take long to plan.
//! Invariant: the answer is that of a search in each text, of a bag in its whole text.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use model::Type;
use model::json::{write_number, write_string};

use super::json;
use super::kernel::{Args, Kernel, Reals, Texts, call, call_of};
use super::text_search::{Needle, Place};

/// Puts the columns of bags in the place of their texts where these are searched. It runs where
/// filters have reached the tables, and before what several searches have in common is computed
/// first.
#[derive(Debug)]
pub struct BagColumns;

impl OptimizerRule for BagColumns {
    fn name(&self) -> &str {
        "bag_columns"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if !matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::TableScan(_)) {
            return Ok(Transformed::no(plan));
        }
        plan.map_expressions(|expr| {
            expr.transform_up(|expr| {
                let simple = simplified(&expr);
                Ok(simple.map_or_else(|| Transformed::no(expr), Transformed::yes))
            })
        })
    }
}

/// A function that looks for a text.
struct Search {
    name: &'static str,
    place: Place,
    is_exact: bool,
    any: (&'static str, Kernel),
}

macro_rules! search {
    ($name:literal, $place:ident, $is_exact:literal) => {
        Search {
            name: $name,
            place: Place::$place,
            is_exact: $is_exact,
            any: (concat!("any_", $name), |args| in_any(args, Place::$place, $is_exact)),
        }
    };
}

const SEARCHES: [Search; 8] = [
    search!("has", Term, false),
    search!("has_cs", Term, true),
    search!("hasprefix", TermStart, false),
    search!("hasprefix_cs", TermStart, true),
    search!("hassuffix", TermEnd, false),
    search!("hassuffix_cs", TermEnd, true),
    search!("contains", Anywhere, false),
    search!("contains_cs", Anywhere, true),
];

/// Whether [`any`] knows the function.
pub fn is_known(name: &str) -> bool {
    SEARCHES.iter().any(|search| search.name == name)
}

/// Whether `name(text, needle)` holds for any of the texts, of which missing ones hold nothing;
/// `None` for a function that is not known. The needle is not empty.
pub fn any(name: &str, needle: &str, texts: Vec<Expr>) -> Option<Expr> {
    let search = SEARCHES.iter().find(|search| search.name == name)?;
    let parts = texts.into_iter().map(|text| (text, Type::String)).collect();
    Some(search.call(needle, parts))
}

/// The longest needle that [`any`] looks for in an expression, in bytes; 0 for none.
pub fn longest_needle(expr: &Expr) -> usize {
    let mut longest = 0;
    // The closure never fails.
    let _ = expr.apply(|part| {
        if let Expr::ScalarFunction(found) = part
            && SEARCHES.iter().any(|search| search.any.0 == found.name())
            && let Some(Expr::Literal(ScalarValue::Utf8View(Some(needle)), _)) = found.args.first()
        {
            longest = longest.max(needle.len());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    longest
}

impl Search {
    /// The search in texts (`String`), in the texts and numbers of a bag (`Guid`, `Real`) and in
    /// its other members (`Dynamic`).
    fn call(&self, needle: &str, parts: Vec<(Expr, Type)>) -> Expr {
        let mut args = vec![lit(ScalarValue::Utf8View(Some(needle.to_owned())))];
        let mut types = vec![Type::String];
        for (part, ty) in parts {
            args.push(part);
            types.push(ty);
        }
        call(self.any.0, args, &types, Type::Bool, self.any.1)
    }
}

/// A search with bags in it as one with their columns; `None` where there is none, or the needle
/// might be found across two of them.
fn simplified(expr: &Expr) -> Option<Expr> {
    let Expr::ScalarFunction(found) = expr else { return None };
    let text = |expr: &Expr| match expr {
        Expr::Literal(ScalarValue::Utf8View(Some(text)), _) => Some(text.clone()),
        _ => None,
    };
    let (search, needle, parts) = match found.args.as_slice() {
        [part, needle] if is_known(found.name()) => {
            let search = SEARCHES.iter().find(|search| search.name == found.name())?;
            (search, text(needle)?, vec![(part.clone(), Type::String)])
        }
        _ => {
            let search = SEARCHES.iter().find(|search| search.any.0 == found.name())?;
            let (args, types) = call_of(expr, search.any.0)?;
            let parts = args.iter().cloned().zip(types.iter().copied()).skip(1).collect();
            (search, text(args.first()?)?, parts)
        }
    };
    if !lies_within_a_part(&needle) || !parts.iter().any(|(part, _)| bag_of(part).is_some()) {
        return None;
    }
    let wanted = Needle::new(&needle, search.place, search.is_exact);
    let (mut columns, mut tests) = (Vec::new(), Vec::new());
    for (part, ty) in parts {
        match bag_of(&part) {
            Some((members, types)) => take(&wanted, members, types, &mut columns, &mut tests)?,
            None => columns.push((part, ty)),
        }
    }
    tests.push(search.call(&needle, columns));
    tests.into_iter().reduce(Expr::or)
}

/// What a bag is put together from, where the expression is the text of one.
fn bag_of(text: &Expr) -> Option<(&[Expr], &[Type])> {
    let ([bag], _) = call_of(text, "tostring")? else { return None };
    call_of(bag, "json_assemble")
}

/// Adds the columns of a bag that have to be searched, and tests for those whose keys were found.
fn take(
    wanted: &Needle<'_>,
    members: &[Expr],
    types: &[Type],
    columns: &mut Vec<(Expr, Type)>,
    tests: &mut Vec<Expr>,
) -> Option<()> {
    columns.push((members.first()?.clone(), Type::Dynamic));
    for (pair, types) in members.get(1..)?.chunks(2).zip(types.get(1..)?.chunks(2)) {
        let ([Expr::Literal(ScalarValue::Utf8View(Some(key)), _), column], [_, ty]) = (pair, types)
        else {
            return None;
        };
        let mut written = String::new();
        write_string(&mut written, key);
        if wanted.is_in(&written) {
            tests.push(column.clone().is_not_null());
        } else if *ty != Type::Real || may_be_in_number(wanted.text) {
            columns.push((column.clone(), *ty));
        }
    }
    Some(())
}

/// Whether the needle can only lie within one key or value: `"` and what stands beside numbers
/// separate them, and other scripts have letters whose case depends on their neighbours.
fn lies_within_a_part(needle: &str) -> bool {
    let separates = |byte: u8| matches!(byte, b'"' | b'\\' | b',' | b':' | b'{' | b'}');
    let is_inner = |byte: u8| (b' '..=b'~').contains(&byte) && !separates(byte);
    !needle.is_empty() && needle.bytes().all(is_inner)
}

/// Whether numbers are written with these characters.
fn may_be_in_number(needle: &str) -> bool {
    let known = |byte: u8| b"0123456789+-.einfatyEINFATY".contains(&byte);
    needle.bytes().all(known)
}

/// Whether JSON writes the text otherwise than it is.
fn is_escaped(text: &str) -> bool {
    // No early end: so that many bytes are looked at at a time.
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    text.bytes().fold(false, |found, byte| found | special(byte))
}

/// Whether the first argument is in any of the others, see [`Search::call`].
fn in_any(args: &Args, place: Place, is_exact: bool) -> Result<ArrayRef> {
    let needle = args.text(0)?;
    let needle = Needle::new(needle.text(0), place, is_exact);
    let mut found = BooleanBuffer::new_unset(args.rows);
    for k in 1..args.count() {
        let flags = match args.types.get(k) {
            Some(Type::Real) => in_numbers(&needle, &args.real(k)?, args.rows),
            Some(Type::Dynamic) => in_rest(&needle, &args.text(k)?, args.rows),
            Some(Type::Guid) => in_json(&needle, &args.text(k)?, args)?,
            _ => in_texts(&needle, &args.text(k)?, args)?,
        };
        found = &found | &flags;
        if found.count_set_bits() == args.rows {
            break;
        }
    }
    Ok(Arc::new(BooleanArray::new(found, None)))
}

/// The search in texts.
fn in_texts(needle: &Needle<'_>, texts: &Texts, args: &Args) -> Result<BooleanBuffer> {
    if !texts.scalar
        && let Some(flags) = needle.flags(&texts.array)
    {
        return Ok(flags);
    }
    let flags = args.flags_of(texts, |text| needle.is_in(text))?;
    Ok(flags.as_boolean().values().clone())
}

/// The search in texts as JSON writes them; a missing one holds nothing.
fn in_json(needle: &Needle<'_>, texts: &Texts, args: &Args) -> Result<BooleanBuffer> {
    if !texts.scalar
        && let Some(flags) = needle.flags(&texts.array)
        && !any_is_escaped(&texts.array)
    {
        return Ok(flags);
    }
    let mut written = String::new();
    let flags = args.flags_of(texts, |text| {
        if !is_escaped(text) {
            return needle.is_in(text);
        }
        written.clear();
        write_string(&mut written, text);
        needle.is_in(&written)
    })?;
    Ok(flags.as_boolean().values().clone())
}

fn any_is_escaped(texts: &StringViewArray) -> bool {
    (0..texts.len()).any(|row| texts.is_valid(row) && is_escaped(texts.value(row)))
}

/// The search in numbers as a bag writes them.
fn in_numbers(needle: &Needle<'_>, numbers: &Reals, rows: usize) -> BooleanBuffer {
    let mut written = String::new();
    BooleanBuffer::collect_bool(rows, |row| {
        numbers.get(row).is_some_and(|number| {
            written.clear();
            write_number(&mut written, number);
            needle.is_in(&written)
        })
    })
}

/// The search in the members that have no columns.
fn in_rest(needle: &Needle<'_>, bags: &Texts, rows: usize) -> BooleanBuffer {
    let mut written = String::new();
    BooleanBuffer::collect_bool(rows, |row| {
        bags.get(row).is_some_and(|bag| {
            written.clear();
            json::write_members(&mut written, bag);
            needle.is_in(&written)
        })
    })
}
