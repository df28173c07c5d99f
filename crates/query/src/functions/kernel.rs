//! One DataFusion function made of a plain batch kernel, and typed readers of its arguments.
//!
//! Invariant: a kernel sees every argument as an array of its KQL type; a constant is an array of
//! one value read for every row, never expanded.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray,
    StringViewArray, StringViewBuilder,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, DurationNanosecondType, Float64Type, Int32Type, Int64Type,
    TimestampNanosecondType,
};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use kql::diagnostic::{Diagnostic, Span};
use model::Type;

use crate::Error;

/// The most bytes of text a function may make from one batch: a few rows can ask for arrays and
/// repetitions of any size.
const BATCH_BYTES_MAX: usize = 256 << 20;

/// Computes a whole batch; the array has the function's Arrow type and `args.rows` values.
pub type Kernel = fn(&Args) -> Result<ArrayRef>;

/// A call of `kernel` under `name`. The name, the types and the result must determine the kernel:
/// DataFusion compares functions by them.
pub fn call(
    name: &'static str,
    args: Vec<Expr>,
    types: &[Type],
    result: Type,
    kernel: Kernel,
) -> Expr {
    build(Function::new(name, types, result, kernel, Volatility::Immutable), args)
}

/// Like [`call`] for functions whose value differs from row to row (`rand()`, `new_guid()`).
pub fn call_volatile(
    name: &'static str,
    args: Vec<Expr>,
    types: &[Type],
    result: Type,
    kernel: Kernel,
) -> Expr {
    build(Function::new(name, types, result, kernel, Volatility::Volatile), args)
}

/// Arguments and their types, where the expression is a call of the kernel `name`.
pub fn call_of<'e>(expr: &'e Expr, name: &str) -> Option<(&'e [Expr], &'e [Type])> {
    match expr {
        Expr::Alias(alias) => call_of(&alias.expr, name),
        Expr::ScalarFunction(call) => {
            let function = call.func.inner().downcast_ref::<Function>()?;
            (function.name == name).then_some((call.args.as_slice(), &*function.types))
        }
        _ => None,
    }
}

fn build(function: Function, args: Vec<Expr>) -> Expr {
    ScalarUDF::new_from_impl(function).call(args)
}

#[derive(Debug)]
struct Function {
    name: &'static str,
    types: Box<[Type]>,
    result: Type,
    kernel: Kernel,
    signature: Signature,
}

impl Function {
    fn new(
        name: &'static str,
        types: &[Type],
        result: Type,
        kernel: Kernel,
        volatility: Volatility,
    ) -> Function {
        let signature = Signature::user_defined(volatility);
        Function { name, types: types.into(), result, kernel, signature }
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name && self.types == other.types && self.result == other.result
    }
}
impl Eq for Function {}
impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.types, self.result).hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result.arrow())
    }
    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types.to_vec())
    }
    fn invoke_with_args(&self, input: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = self.signature.volatility != Volatility::Volatile
            && input.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { input.number_rows };
        let mut columns = Vec::with_capacity(input.args.len());
        for (value, ty) in input.args.into_iter().zip(&self.types) {
            let (array, scalar) = match value {
                ColumnarValue::Array(array) => (array, false),
                ColumnarValue::Scalar(value) => (value.to_array()?, true),
            };
            let want = ty.arrow();
            let array = if *array.data_type() == want { array } else { cast(&array, &want)? };
            columns.push((array, scalar));
        }
        let args = Args { columns, types: self.types.clone(), result: self.result, rows };
        let out = (self.kernel)(&args)?;
        Ok(if constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?)
        } else {
            ColumnarValue::Array(out)
        })
    }
}

/// The arguments of one call over one batch.
pub struct Args {
    columns: Vec<(ArrayRef, bool)>,
    pub types: Box<[Type]>,
    pub result: Type,
    pub rows: usize,
}

/// Values of one argument; row `i` of a constant is its only value.
pub struct Values<A> {
    pub array: A,
    pub scalar: bool,
}

impl<A> Values<A> {
    fn at(&self, row: usize) -> usize {
        if self.scalar { 0 } else { row }
    }
}

pub type Longs = Values<Int64Array>;
pub type Reals = Values<Float64Array>;
pub type Bools = Values<BooleanArray>;
pub type Texts = Values<StringViewArray>;

impl<T: ArrowPrimitiveType> Values<PrimitiveArray<T>> {
    pub fn get(&self, row: usize) -> Option<T::Native> {
        let row = self.at(row);
        self.array.is_valid(row).then(|| self.array.value(row))
    }
    /// The one value of a constant argument; `None` inside when it is null.
    pub fn constant(&self) -> Option<Option<T::Native>> {
        self.scalar.then(|| self.get(0))
    }
}

impl Bools {
    pub fn get(&self, row: usize) -> Option<bool> {
        let row = self.at(row);
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

impl Texts {
    pub fn get(&self, row: usize) -> Option<&str> {
        let row = self.at(row);
        self.array.is_valid(row).then(|| self.array.value(row))
    }
    /// The text, a missing one as `''` (spec kql.md §3: a string is never null).
    pub fn text(&self, row: usize) -> &str {
        self.get(row).unwrap_or("")
    }
    pub fn constant(&self) -> Option<&str> {
        self.scalar.then(|| self.text(0))
    }
}

impl Args {
    /// One array as the only argument.
    pub fn of_array(array: ArrayRef, ty: Type) -> Args {
        let rows = array.len();
        Args { columns: vec![(array, false)], types: [ty].into(), result: ty, rows }
    }
    pub fn count(&self) -> usize {
        self.columns.len()
    }
    pub fn array(&self, k: usize) -> Result<&ArrayRef> {
        match self.columns.get(k) {
            Some((array, _)) => Ok(array),
            None => internal_err!("argument {k} is missing"),
        }
    }
    fn scalar(&self, k: usize) -> bool {
        self.columns.get(k).is_some_and(|(_, scalar)| *scalar)
    }
    /// Argument `k` in the Arrow type of `ty`; only numbers are converted.
    fn read(&self, k: usize, to: &DataType) -> Result<ArrayRef> {
        let array = self.array(k)?;
        Ok(if array.data_type() == to { array.clone() } else { cast(array, to)? })
    }
    /// Whole numbers; `int` is widened. Times and timespans read as their nanoseconds.
    pub fn long(&self, k: usize) -> Result<Longs> {
        let array = self.read(k, &DataType::Int64)?;
        Ok(Values { array: array.as_primitive::<Int64Type>().clone(), scalar: self.scalar(k) })
    }
    /// Doubles; whole numbers are widened.
    pub fn real(&self, k: usize) -> Result<Reals> {
        let array = self.read(k, &DataType::Float64)?;
        Ok(Values { array: array.as_primitive::<Float64Type>().clone(), scalar: self.scalar(k) })
    }
    pub fn bool(&self, k: usize) -> Result<Bools> {
        let array = self.read(k, &DataType::Boolean)?;
        Ok(Values { array: array.as_boolean().clone(), scalar: self.scalar(k) })
    }
    /// Strings, guids, and dynamics as their JSON text.
    pub fn text(&self, k: usize) -> Result<Texts> {
        let array = self.read(k, &DataType::Utf8View)?;
        Ok(Values { array: array.as_string_view().clone(), scalar: self.scalar(k) })
    }
    /// Whether the optional argument `k` was given.
    pub fn has(&self, k: usize) -> bool {
        k < self.columns.len()
    }

    /// Whether every argument from `k` on is a constant.
    pub fn constant_from(&self, k: usize) -> bool {
        self.columns.iter().skip(k).all(|(_, scalar)| *scalar)
    }
    /// `test` of argument `texts`, a missing text tested as `''`.
    pub fn flags_of(&self, texts: &Texts, test: impl FnMut(&str) -> bool) -> Result<ArrayRef> {
        let flags = flags_by_text(&texts.array, test);
        if texts.scalar && self.rows != 1 {
            let flag = flags.value(0);
            return self.flags(|_| flag);
        }
        Ok(Arc::new(BooleanArray::new(flags, None)))
    }

    /// Whole numbers in the result's type: `int` (low 32 bits), `long`, `datetime`, `timespan`.
    pub fn whole(&self, value: impl FnMut(usize) -> Option<i64>) -> Result<ArrayRef> {
        let longs: Int64Array = (0..self.rows).map(value).collect();
        self.retype(longs)
    }
    /// `longs` under the result's type.
    pub fn retype(&self, longs: Int64Array) -> Result<ArrayRef> {
        Ok(match self.result {
            Type::Int => Arc::new(longs.unary::<_, Int32Type>(|v| v as i32)),
            Type::DateTime => Arc::new(longs.reinterpret_cast::<TimestampNanosecondType>()),
            Type::TimeSpan => Arc::new(longs.reinterpret_cast::<DurationNanosecondType>()),
            Type::Real | Type::Decimal => Arc::new(longs.unary::<_, Float64Type>(|v| v as f64)),
            _ => Arc::new(longs),
        })
    }
    pub fn reals(&self, value: impl FnMut(usize) -> Option<f64>) -> Result<ArrayRef> {
        Ok(Arc::new((0..self.rows).map(value).collect::<Float64Array>()))
    }
    pub fn bools(&self, value: impl FnMut(usize) -> Option<bool>) -> Result<ArrayRef> {
        Ok(Arc::new((0..self.rows).map(value).collect::<BooleanArray>()))
    }
    /// Bools that are never null.
    pub fn flags(&self, value: impl FnMut(usize) -> bool) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(self.rows, value), None)))
    }
    /// Texts that are parts of the arguments. A missing one is `''` where the result is a string.
    pub fn slices<'a>(&self, mut value: impl FnMut(usize) -> Option<&'a str>) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::with_capacity(self.rows);
        for row in 0..self.rows {
            match value(row) {
                Some(text) => out.append_value(text),
                None if self.result == Type::String => out.append_value(""),
                None => out.append_null(),
            }
        }
        Ok(Arc::new(out.finish()))
    }
    /// Texts written by `write` into a cleared buffer; false means missing (`''` for strings).
    ///
    /// # Errors
    /// When the texts of one batch together pass [`BATCH_BYTES_MAX`].
    pub fn texts(&self, mut write: impl FnMut(usize, &mut String) -> bool) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::with_capacity(self.rows);
        let mut text = String::new();
        let mut written_bytes = 0;
        for row in 0..self.rows {
            text.clear();
            if write(row, &mut text) {
                written_bytes += text.len();
                if written_bytes > BATCH_BYTES_MAX {
                    return limited(format!(
                        "a function makes more than {BATCH_BYTES_MAX} bytes of text from one batch \
                         of rows"
                    ));
                }
                out.append_value(&text);
            } else if self.result == Type::String {
                out.append_value("");
            } else {
                out.append_null();
            }
        }
        Ok(Arc::new(out.finish()))
    }
}

/// The error of a kernel that met a value its caller must change. It has no place in the text: the
/// kernel does not know where it stands.
///
/// # Errors
/// Always.
pub fn refused<T>(code: &'static str, message: String) -> Result<T> {
    let finding = Diagnostic::new(code, Span::default(), message);
    Err(DataFusionError::External(Box::new(Error::Query(vec![finding]))))
}

/// The error of a kernel whose value would be too large.
///
/// # Errors
/// Always.
pub fn limited<T>(message: String) -> Result<T> {
    Err(DataFusionError::External(Box::new(Error::Limit { limit: "value_size", message })))
}

/// How many texts [`flags_by_text`] remembers.
const MEMO_SLOTS: usize = 256;

/// `test` of each text. Equal views (dictionary-coded columns repeat them) are tested once: the
/// answer is remembered by view as long as that pays.
fn flags_by_text(texts: &StringViewArray, mut test: impl FnMut(&str) -> bool) -> BooleanBuffer {
    let views = texts.views();
    let mut memo: [(u128, bool); MEMO_SLOTS] = [(0, false); MEMO_SLOTS];
    let (mut asked, mut known) = (0_usize, 0_usize);
    BooleanBuffer::collect_bool(texts.len(), |row| {
        if texts.is_null(row) {
            return test("");
        }
        let view = views[row];
        // Twelve bytes and fewer lie in the view itself: searching them costs less than the memo.
        if (view as u32) <= 12 || (asked > 1024 && known * 4 < asked) {
            return test(texts.value(row));
        }
        asked += 1;
        let mixed = ((view >> 64) as u64 ^ view as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let slot = &mut memo[(mixed >> 56) as usize % MEMO_SLOTS];
        if slot.0 == view {
            known += 1;
        } else {
            *slot = (view, test(texts.value(row)));
        }
        slot.1
    })
}
