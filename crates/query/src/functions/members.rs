//! Membership in the values of a table: `x in (T)` and its kin over sets too large for a plan.
//!
//! Invariant: the null rules of lists hold (spec kql.md §3): null and null is null, null and
//! something else is no member.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use kql::bound::Literal;
use model::Type;

use super::kernel::Args;
use super::text_search::{Needle, Place};

/// The different values of one column.
#[derive(Debug)]
pub(crate) struct Members {
    ty: Type,
    values: Values,
    has_null: bool,
}

#[derive(Debug)]
enum Values {
    /// Numbers, times, timespans; bools as 0 and 1.
    Whole(HashSet<i64>),
    /// The bits of doubles; no NaN (it equals nothing), 0 for -0.
    Reals(HashSet<u64>),
    /// Strings, guids, the JSON text of dynamics.
    Texts(HashSet<Box<str>>),
}

impl Members {
    /// The values of the first column of all batches, which is of type `ty`.
    pub fn new(ty: Type, batches: &[RecordBatch]) -> Result<Members> {
        let values = match ty {
            Type::Real | Type::Decimal => Values::Reals(HashSet::new()),
            Type::String | Type::Guid | Type::Dynamic => Values::Texts(HashSet::new()),
            _ => Values::Whole(HashSet::new()),
        };
        let mut members = Members { ty, values, has_null: false };
        for batch in batches {
            let Some(column) = batch.columns().first() else {
                return internal_err!("a list of values without a column");
            };
            members.add(column)?;
        }
        Ok(members)
    }

    fn add(&mut self, column: &ArrayRef) -> Result<()> {
        let args = Args::of_array(Arc::clone(column), self.ty);
        // A string is never null.
        self.has_null |= self.ty != Type::String && column.null_count() > 0;
        match &mut self.values {
            Values::Whole(set) if self.ty == Type::Bool => {
                let flags = args.bool(0)?;
                set.extend((0..args.rows).filter_map(|row| flags.get(row)).map(i64::from));
            }
            Values::Whole(set) => {
                let longs = args.long(0)?;
                set.extend((0..args.rows).filter_map(|row| longs.get(row)));
            }
            Values::Reals(set) => {
                let reals = args.real(0)?;
                set.extend((0..args.rows).filter_map(|row| bits(reals.get(row)?)));
            }
            Values::Texts(set) => {
                let texts = args.text(0)?;
                let is_string = self.ty == Type::String;
                for row in 0..args.rows {
                    if let Some(text) = texts.get(row).or(is_string.then_some("")) {
                        set.insert(text.into());
                    }
                }
            }
        }
        Ok(())
    }

    /// Bytes held, estimated.
    pub fn size_bytes(&self) -> usize {
        match &self.values {
            Values::Whole(set) => set.capacity() * 9,
            Values::Reals(set) => set.capacity() * 9,
            Values::Texts(set) => {
                set.capacity() * 17 + set.iter().map(|text| text.len() + 16).sum::<usize>()
            }
        }
    }

    /// The values as literals when there are at most `max` and none is null.
    pub fn literals(&self, max: usize) -> Option<Vec<Literal>> {
        let count = match &self.values {
            Values::Whole(set) => set.len(),
            Values::Reals(set) => set.len(),
            Values::Texts(set) => set.len(),
        };
        if count > max || self.has_null {
            return None;
        }
        Some(match &self.values {
            Values::Whole(set) => sorted(set).into_iter().map(|v| self.whole(*v)).collect(),
            Values::Reals(set) => sorted(set).into_iter().map(|v| self.real(*v)).collect(),
            Values::Texts(set) => sorted(set).into_iter().map(|text| self.text(text)).collect(),
        })
    }

    fn whole(&self, value: i64) -> Literal {
        match self.ty {
            Type::Bool => Literal::Bool(value != 0),
            Type::Int => i32::try_from(value).map_or(Literal::Null(Type::Int), Literal::Int),
            Type::DateTime => Literal::DateTime(value),
            Type::TimeSpan => Literal::TimeSpan(value),
            _ => Literal::Long(value),
        }
    }

    fn real(&self, bits: u64) -> Literal {
        match self.ty {
            Type::Decimal => Literal::Decimal(f64::from_bits(bits)),
            _ => Literal::Real(f64::from_bits(bits)),
        }
    }

    fn text(&self, text: &str) -> Literal {
        match self.ty {
            Type::Guid => Literal::Guid(text.to_owned()),
            Type::Dynamic => Literal::Dynamic(text.to_owned()),
            _ => Literal::String { value: text.to_owned(), hidden: false },
        }
    }

    /// Whether each row's value is a member, exactly; null for a null beside a null.
    fn exact(&self, args: &Args) -> Result<Vec<Option<bool>>> {
        let null = (!self.has_null).then_some(false);
        let rows = 0..args.rows;
        Ok(match &self.values {
            Values::Whole(set) if self.ty == Type::Bool => {
                let flags = args.bool(0)?;
                let test = |v: bool| Some(set.contains(&i64::from(v)));
                rows.map(|row| flags.get(row).map_or(null, test)).collect()
            }
            Values::Whole(set) => {
                let longs = args.long(0)?;
                rows.map(|row| longs.get(row).map_or(null, |v| Some(set.contains(&v)))).collect()
            }
            Values::Reals(set) => {
                let reals = args.real(0)?;
                let test = |v: f64| Some(bits(v).is_some_and(|bits| set.contains(&bits)));
                rows.map(|row| reals.get(row).map_or(null, test)).collect()
            }
            Values::Texts(set) => {
                let texts = args.text(0)?;
                let null = if self.ty == Type::String { Some(set.contains("")) } else { null };
                rows.map(|row| texts.get(row).map_or(null, |v| Some(set.contains(v)))).collect()
            }
        })
    }

    fn texts(&self) -> Vec<String> {
        match &self.values {
            Values::Texts(set) => sorted(set).into_iter().map(|text| text.to_string()).collect(),
            _ => Vec::new(),
        }
    }
}

/// The same order at every run, so that plans can be compared.
fn sorted<T: Ord + Eq + Hash>(set: &HashSet<T>) -> Vec<&T> {
    let mut values: Vec<&T> = set.iter().collect();
    values.sort_unstable();
    values
}

/// What a double is found by; nothing for NaN.
fn bits(value: f64) -> Option<u64> {
    // Adding 0 makes -0 a 0.
    (!value.is_nan()).then(|| (value + 0.0).to_bits())
}

/// `value function (T)` over the values of `T`, which are of the value's type.
pub(crate) fn call(function: &'static str, value: Expr, members: &Arc<Members>) -> Expr {
    let test = match function {
        "in~" | "!in~" => {
            Test::Folded(members.texts().iter().map(|text| text.to_lowercase()).collect())
        }
        "has_any" => Test::Needles { needles: members.texts(), all: false },
        "has_all" => Test::Needles { needles: members.texts(), all: true },
        _ => Test::Exact,
    };
    let membership = Membership {
        function,
        members: Arc::clone(members),
        test,
        signature: Signature::any(1, Volatility::Immutable),
    };
    ScalarUDF::new_from_impl(membership).call(vec![value])
}

#[derive(Debug)]
enum Test {
    Exact,
    Folded(HashSet<String>),
    Needles { needles: Vec<String>, all: bool },
}

/// The function over one set.
#[derive(Debug)]
struct Membership {
    function: &'static str,
    members: Arc<Members>,
    test: Test,
    signature: Signature,
}

impl PartialEq for Membership {
    fn eq(&self, other: &Membership) -> bool {
        self.function == other.function && Arc::ptr_eq(&self.members, &other.members)
    }
}
impl Eq for Membership {}
impl Hash for Membership {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.function, Arc::as_ptr(&self.members) as usize).hash(state);
    }
}

impl ScalarUDFImpl for Membership {
    fn name(&self) -> &str {
        self.function
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }
    fn invoke_with_args(&self, input: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(value) = input.args.into_iter().next() else {
            return internal_err!("a value to look for is missing");
        };
        let args = Args::of_array(value.into_array(input.number_rows)?, self.members.ty);
        let is_negated = self.function.starts_with('!');
        let found = match &self.test {
            Test::Exact => {
                let found = self.members.exact(&args)?;
                let flags = found.into_iter().map(|flag| flag.map(|flag| flag != is_negated));
                Arc::new(flags.collect::<BooleanArray>()) as ArrayRef
            }
            Test::Folded(set) => {
                let texts = args.text(0)?;
                args.flags_of(&texts, |text| set.contains(&text.to_lowercase()) != is_negated)?
            }
            Test::Needles { needles, all } => {
                let texts = args.text(0)?;
                let needles: Vec<Needle<'_>> =
                    needles.iter().map(|n| Needle::new(n, Place::Term, false)).collect();
                args.flags_of(&texts, |text| match all {
                    true => needles.iter().all(|n| n.is_in(text)),
                    false => needles.iter().any(|n| n.is_in(text)),
                })?
            }
        };
        Ok(ColumnarValue::Array(found))
    }
}
