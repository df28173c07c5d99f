//! Taking bags apart into columns and putting them together again.
//!
//! A bag is a JSON object text. A frequent key `k` of bag `b` becomes the column `b.k` of an
//! extent; the bag's own column keeps the members of all other keys, null when there are none.
//! Invariant: a key that has a column has all its values there, none in the bag's own column.

mod scan;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, StringViewArray, StringViewBuilder};
use arrow::array::{Float64Array, new_null_array};
use arrow::datatypes::Float64Type;
use model::Type;
use model::json::{write_number, write_string};
use xxhash_rust::xxh3::Xxh3Default;

use scan::{Member, Value, scan};

/// Keys of one bag that become columns, at most (spec engine.md §4.1).
pub const KEYS_MAX: usize = 200;
/// Rows a key must be present in, at least: below, a column costs more than it saves.
pub const KEY_ROWS_MIN: u64 = 3;
/// A key becomes a column when present in one of this many rows (spec engine.md §4.1).
pub const KEY_SHARE: u64 = 100;
/// Longer keys stay in the bag's own column: they are texts gone astray.
pub const KEY_BYTES_MAX: usize = 256;
/// Different keys counted per extent; those met later stay in the bag's own column.
const KEYS_COUNTED_MAX: usize = 65_536;
/// Positions of an object for which the key met last is remembered.
const GUESSES_MAX: usize = 1024;

/// The keys of one bag that are columns of an extent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BagKeys {
    /// The bag's name.
    pub column: String,
    /// The keys with a column of their own, in column order.
    pub keys: Vec<String>,
    /// Whether the bag's own column holds any member of a bag (or text that is no JSON object).
    pub rest: bool,
}

/// Numbers for keys, found fastest when every row has the same keys in the same order.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<String, usize, BuildHasherDefault<Xxh3Default>>,
    names: Vec<String>,
    /// The number found last at each position of an object.
    guesses: Vec<usize>,
}

impl Names {
    fn find(&mut self, position: usize, name: &str) -> Option<usize> {
        let guess = self.guesses.get(position).copied();
        if let Some(number) = guess.filter(|g| self.names.get(*g).is_some_and(|n| n == name)) {
            return Some(number);
        }
        let number = self.numbers.get(name).copied()?;
        if position < GUESSES_MAX && self.guesses.len() <= position {
            self.guesses.resize(position + 1, number);
        }
        if let Some(guess) = self.guesses.get_mut(position) {
            *guess = number;
        }
        Some(number)
    }

    fn add(&mut self, name: &str) -> usize {
        let number = self.names.len();
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

#[derive(Debug, Default)]
struct KeyCount {
    rows: u64,
    /// The last row counted, so that a key written twice in a row counts once; rows start at 1.
    last_row: u64,
    /// A value was met that the key's column could not hold.
    unfit: bool,
}

/// Counts the keys of one bag over all rows of an extent to be, then says which become columns.
#[derive(Debug)]
pub(crate) struct Census {
    ty: Type,
    names: Names,
    counts: Vec<KeyCount>,
    rows: u64,
    /// Something was met that can only stay in the bag's own column.
    leftover: bool,
}

impl Census {
    /// For a bag of `ty`: text (`Type::String`) or numbers (`Type::Real`).
    pub(crate) fn new(ty: Type) -> Census {
        Census { ty, names: Names::default(), counts: Vec::new(), rows: 0, leftover: false }
    }

    /// Counts rows that hold nothing in the bag's own column.
    pub(crate) fn add_rows(&mut self, rows: u64) {
        self.rows += rows;
    }

    /// Counts a key that has a column already: `rows` of its values are not null.
    pub(crate) fn add_column(&mut self, key: &str, rows: u64) {
        let number = match self.names.numbers.get(key) {
            Some(number) => *number,
            None => self.add_key(key),
        };
        if let Some(count) = self.counts.get_mut(number) {
            count.rows += rows;
        }
    }

    fn add_key(&mut self, key: &str) -> usize {
        self.counts.push(KeyCount::default());
        self.names.add(key)
    }

    /// Counts the members of every row of a bag's own column.
    pub(crate) fn add_texts(&mut self, texts: &StringViewArray) {
        let mut members = Vec::new();
        for text in texts {
            self.rows += 1;
            let Some(text) = text else {
                continue;
            };
            members.clear();
            if !scan(text, &mut members) {
                self.leftover = true;
                continue;
            }
            for (position, member) in members.iter().enumerate() {
                self.count(position, member);
            }
        }
    }

    fn count(&mut self, position: usize, member: &Member<'_>) {
        let number = match self.names.find(position, &member.key) {
            Some(number) => number,
            None if self.counts.len() < KEYS_COUNTED_MAX => self.add_key(&member.key),
            None => {
                self.leftover = true;
                return;
            }
        };
        let Some(count) = self.counts.get_mut(number) else {
            return;
        };
        if count.last_row != self.rows {
            count.last_row = self.rows;
            count.rows += 1;
        }
        count.unfit |= !fits(self.ty, &member.value);
    }

    /// The keys that become columns: the most frequent ones, in the order they were first met.
    pub(crate) fn plan(&self, bag: &str) -> BagKeys {
        let rows_min = self.rows.div_ceil(KEY_SHARE).max(KEY_ROWS_MIN);
        let met = || self.names.names.iter().zip(&self.counts).enumerate();
        let mut chosen: Vec<(usize, &String, u64)> = met()
            .filter(|(_, (name, count))| {
                count.rows >= rows_min && !count.unfit && name.len() <= KEY_BYTES_MAX
            })
            .map(|(number, (name, count))| (number, name, count.rows))
            .collect();
        chosen.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.1.cmp(b.1)));
        chosen.truncate(KEYS_MAX);
        chosen.sort_by_key(|(number, ..)| *number);
        let met = met().filter(|(_, (_, count))| count.rows > 0).count();
        BagKeys {
            column: bag.to_owned(),
            rest: self.leftover || met > chosen.len(),
            keys: chosen.into_iter().map(|(_, name, _)| name.clone()).collect(),
        }
    }
}

/// Whether the column of a key in a bag of `ty` can hold `value`.
fn fits(ty: Type, value: &Value<'_>) -> bool {
    match value {
        Value::Text(_) => ty == Type::String,
        // Short numbers without an exponent are finite; the others are read to see.
        Value::Number(text) => {
            let plain = text.len() < 300 && !text.bytes().any(|b| b == b'e' || b == b'E');
            ty != Type::String && (plain || number(text).is_some())
        }
        Value::Other => false,
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The column of one key under construction.
#[derive(Debug)]
enum KeyColumn {
    Text(StringViewBuilder),
    Real(Float64Builder),
}

impl KeyColumn {
    fn new(ty: Type) -> KeyColumn {
        match ty {
            Type::String => KeyColumn::Text(StringViewBuilder::new()),
            _ => KeyColumn::Real(Float64Builder::new()),
        }
    }

    /// Appends nulls until there are `rows` values.
    fn pad(&mut self, rows: usize) {
        match self {
            KeyColumn::Text(builder) => {
                for _ in arrow::array::ArrayBuilder::len(builder)..rows {
                    builder.append_null();
                }
            }
            KeyColumn::Real(builder) => {
                let missing = rows.saturating_sub(arrow::array::ArrayBuilder::len(builder));
                builder.append_nulls(missing);
            }
        }
    }

    /// Sets the value of `row`, unless it is set already.
    fn set(&mut self, row: usize, value: &Value<'_>) {
        self.pad(row);
        match (self, value) {
            (KeyColumn::Text(builder), Value::Text(text))
                if arrow::array::ArrayBuilder::len(builder) == row =>
            {
                builder.append_value(text);
            }
            (KeyColumn::Real(builder), Value::Number(text))
                if arrow::array::ArrayBuilder::len(builder) == row =>
            {
                builder.append_option(number(text));
            }
            _ => {}
        }
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        self.pad(rows);
        match self {
            KeyColumn::Text(builder) => Arc::new(builder.finish()),
            KeyColumn::Real(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Brings batches of one bag into the columns a [`Census`] planned.
#[derive(Debug)]
pub(crate) struct Splitter {
    ty: Type,
    names: Names,
}

impl Splitter {
    pub(crate) fn new(ty: Type, keys: &[String]) -> Splitter {
        let mut names = Names::default();
        for key in keys {
            names.add(key);
        }
        Splitter { ty, names }
    }

    /// The bag's own column and one column per planned key, made from the bag's own column `texts`
    /// and the keys that have columns already, `columns`.
    pub(crate) fn split(
        &mut self,
        texts: &ArrayRef,
        columns: &[(String, ArrayRef)],
    ) -> (ArrayRef, Vec<ArrayRef>) {
        let rows = texts.len();
        let mut ready: Vec<Option<ArrayRef>> = vec![None; self.names.names.len()];
        let mut demoted = Vec::new();
        for (key, column) in columns {
            match self.names.numbers.get(key).and_then(|number| ready.get_mut(*number)) {
                Some(slot) => *slot = Some(Arc::clone(column)),
                None if column.null_count() < rows => demoted.push((key.clone(), column.clone())),
                None => {}
            }
        }
        let own: ArrayRef = match demoted.is_empty() {
            true => Arc::clone(texts),
            false => Arc::new(join(&demoted, texts.as_string_view())),
        };
        let null = |ty: Type| new_null_array(&ty.arrow(), rows);
        let open = ready.iter().any(Option::is_none);
        if own.null_count() == rows || !open {
            let columns = ready.into_iter().map(|c| c.unwrap_or_else(|| null(self.ty))).collect();
            return (own, columns);
        }
        let (own, built) = self.split_texts(own.as_string_view());
        let columns = ready.into_iter().zip(built).map(|(ready, built)| ready.unwrap_or(built));
        (own, columns.collect())
    }

    fn split_texts(&mut self, texts: &StringViewArray) -> (ArrayRef, Vec<ArrayRef>) {
        let mut columns: Vec<KeyColumn> =
            self.names.names.iter().map(|_| KeyColumn::new(self.ty)).collect();
        let mut own = StringViewBuilder::new();
        let (mut members, mut object) = (Vec::new(), String::new());
        for (row, text) in texts.iter().enumerate() {
            members.clear();
            let Some(text) = text else {
                own.append_null();
                continue;
            };
            if !scan(text, &mut members) {
                own.append_value(text);
                continue;
            }
            let mut left = 0;
            // Backwards, because of a key written twice the last value counts.
            for (position, member) in members.iter().enumerate().rev() {
                match self.names.find(position, &member.key).and_then(|n| columns.get_mut(n)) {
                    Some(column) => column.set(row, &member.value),
                    None => left += 1,
                }
            }
            if left == members.len() {
                own.append_value(text);
            } else if left == 0 {
                own.append_null();
            } else {
                own.append_value(self.left(&members, &mut object));
            }
        }
        let rows = texts.len();
        (Arc::new(own.finish()), columns.iter_mut().map(|column| column.finish(rows)).collect())
    }

    /// The object text of the members without a column.
    fn left<'a>(&mut self, members: &[Member<'_>], out: &'a mut String) -> &'a str {
        out.clear();
        for (position, member) in members.iter().enumerate() {
            if self.names.find(position, &member.key).is_none() {
                out.push(if out.is_empty() { '{' } else { ',' });
                out.push_str(member.raw);
            }
        }
        out.push('}');
        out
    }
}

enum Values<'a> {
    Text(&'a StringViewArray),
    Real(&'a Float64Array),
}

/// Puts bags together again: the keys of `columns` in their order, then what `rest` holds.
pub(crate) fn join(columns: &[(String, ArrayRef)], rest: &StringViewArray) -> StringViewArray {
    if columns.is_empty() {
        return rest.clone();
    }
    let columns: Vec<(String, Values<'_>)> = columns
        .iter()
        .filter_map(|(key, column)| {
            let mut quoted = String::new();
            write_string(&mut quoted, key);
            quoted.push(':');
            let text = column.as_string_view_opt().map(Values::Text);
            text.or_else(|| column.as_primitive_opt::<Float64Type>().map(Values::Real))
                .map(|values| (quoted, values))
        })
        .collect();
    let mut out = StringViewBuilder::with_capacity(rest.len());
    let mut object = String::new();
    for (row, rest) in rest.iter().enumerate() {
        object.clear();
        for (key, values) in &columns {
            match values {
                Values::Text(values) if values.is_valid(row) => {
                    open_member(&mut object, key);
                    write_string(&mut object, values.value(row));
                }
                Values::Real(values) if values.is_valid(row) => {
                    open_member(&mut object, key);
                    write_number(&mut object, values.value(row));
                }
                _ => {}
            }
        }
        if object.is_empty() {
            out.append_option(rest);
            continue;
        }
        let rest = rest.and_then(|rest| rest.trim().strip_prefix('{')?.strip_suffix('}'));
        if let Some(members) = rest.map(str::trim).filter(|members| !members.is_empty()) {
            object.push(',');
            object.push_str(members);
        }
        object.push('}');
        out.append_value(&object);
    }
    out.finish()
}

fn open_member(object: &mut String, key: &str) {
    object.push(if object.is_empty() { '{' } else { ',' });
    object.push_str(key);
}
