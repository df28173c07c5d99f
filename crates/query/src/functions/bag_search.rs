//! Finding a text in a bag without putting the bag together.
//!
//! `tostring(bag) has "word"` asks whether one of the bag's keys or values has the word, as long as
//! the word holds no character that stands between them. Then the columns a bag was taken apart
//! into are searched one by one, and the columns whose key has the word are not even read.
//! Invariant: the answer is that of the search in the text of the whole bag.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use model::Type;
use model::json::{write_number, write_string};

use super::json;
use super::kernel::{Args, Kernel, Reals, Texts, call, call_of};
use super::text_search::{Needle, Place};

/// Puts searches in the columns of bags in the place of those in their texts. It runs where filters
/// have reached the tables, and before what several searches have in common is computed first.
#[derive(Debug)]
pub struct BagSearch;

impl OptimizerRule for BagSearch {
    fn name(&self) -> &str {
        "bag_search"
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
                let simple = match &expr {
                    Expr::ScalarFunction(call) => simplified(call.name(), &call.args),
                    _ => None,
                };
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
    in_bag: (&'static str, Kernel),
}

macro_rules! search {
    ($name:literal, $place:ident, $is_exact:literal) => {
        Search {
            name: $name,
            place: Place::$place,
            is_exact: $is_exact,
            in_bag: (concat!("bag_", $name), |args| in_bag(args, Place::$place, $is_exact)),
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

/// `name(tostring(bag), needle)` as a search in the columns of the bag; `None` where the call is
/// another one, or the needle might be found across two of them.
fn simplified(name: &str, args: &[Expr]) -> Option<Expr> {
    let search = SEARCHES.iter().find(|search| search.name == name)?;
    let [text, Expr::Literal(ScalarValue::Utf8View(Some(needle)), _)] = args else { return None };
    let ([bag], _) = call_of(text, "tostring")? else { return None };
    let (parts, types) = call_of(bag, "json_assemble")?;
    if !lies_within_a_part(needle) {
        return None;
    }
    let wanted = Needle::new(needle, search.place, search.is_exact);
    let needle = lit(ScalarValue::Utf8View(Some(needle.clone())));
    let mut columns = vec![needle, parts.first()?.clone()];
    let mut column_types = vec![Type::String, Type::Dynamic];
    let mut tests = Vec::new();
    for (pair, types) in parts.get(1..)?.chunks(2).zip(types.get(1..)?.chunks(2)) {
        let ([Expr::Literal(ScalarValue::Utf8View(Some(key)), _), column], [_, ty]) = (pair, types)
        else {
            return None;
        };
        let mut written = String::new();
        write_string(&mut written, key);
        if wanted.is_in(&written) {
            tests.push(column.clone().is_not_null());
        } else if *ty != Type::Real || may_be_in_number(wanted.text) {
            columns.push(column.clone());
            column_types.push(*ty);
        }
    }
    // One function for all columns: expressions of many parts take long to plan.
    let (name, kernel) = search.in_bag;
    tests.push(call(name, columns, &column_types, Type::Bool, kernel));
    tests.into_iter().reduce(Expr::or)
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

/// The search in the bag of the members that have no columns, and in columns: needle, bag, columns.
fn in_bag(args: &Args, place: Place, is_exact: bool) -> Result<ArrayRef> {
    let needle = args.text(0)?;
    let needle = Needle::new(needle.text(0), place, is_exact);
    let mut found = in_rest(&needle, &args.text(1)?, args.rows);
    for k in 2..args.count() {
        let flags = match args.types.get(k) {
            Some(Type::Real) => in_numbers(&needle, &args.real(k)?, args.rows),
            _ => in_texts(&needle, &args.text(k)?, args)?,
        };
        found = &found | &flags;
        if found.count_set_bits() == args.rows {
            break;
        }
    }
    Ok(Arc::new(BooleanArray::new(found, None)))
}

/// The search in texts as JSON writes them; a missing one holds nothing.
fn in_texts(needle: &Needle<'_>, texts: &Texts, args: &Args) -> Result<BooleanBuffer> {
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
