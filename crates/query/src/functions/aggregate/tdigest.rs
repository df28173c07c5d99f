//! `tdigest`, `tdigest_merge`, `percentilew`, `percentilesw`, `percentilesw_array`: quantiles of
//! weighted values, and quantiles that can be stored and merged later.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, StringViewBuilder,
    StructArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::common::Result;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::EmitTo;
use model::Type;

use super::{AggregateCall, Call, Output};
use crate::Error;
use crate::functions::digest::{self, Digest};
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::scalar::mixed_digests;

pub(super) fn tdigest(call: Call<'_>) -> Result<AggregateCall, Error> {
    let config = Config::of(&call.types);
    let own = function("tdigest", config, Type::Dynamic.arrow(), states(), |config| {
        Box::new(Digests::new(Form::Digest, config))
    });
    Ok(AggregateCall::plain(call.with(own)))
}

pub(super) fn merge(call: Call<'_>) -> Result<AggregateCall, Error> {
    let config = Config::of(&[Type::Dynamic]);
    let own = function("tdigest_merge", config, Type::Dynamic.arrow(), states(), |config| {
        Box::new(Digests::new(Form::Digest, config))
    });
    Ok(AggregateCall::plain(call.with(own)))
}

/// One output column per percentile.
pub(super) fn columns(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let percents = call.take_numbers(2)?;
    let config = Config::of(&call.types).reals(&percents);
    let result = DataType::Struct(fields(ty, percents.len()));
    let own = function("percentilesw", config, result, states(), |config| {
        Box::new(Digests::new(Form::Columns, config))
    });
    let outputs: Vec<Output> = (0..percents.len())
        .map(|k| -> Output { Arc::new(move |value| get_field(value, format!("p{k}"))) })
        .collect();
    Ok(AggregateCall { expr: call.with(own), outputs, order_sensitive: false })
}

/// One dynamic array.
pub(super) fn array(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let percents = call.take_numbers(2)?;
    let config = Config::of(&call.types).reals(&percents);
    let own = function("percentilesw_array", config, Type::Dynamic.arrow(), states(), |config| {
        Box::new(Digests::new(Form::Array, config))
    });
    Ok(AggregateCall::plain(call.with(own)))
}

/// The name of the type of the values, null for none, and the sketch.
fn states() -> Vec<DataType> {
    vec![DataType::Utf8View, DataType::Binary]
}

fn fields(ty: Type, count: usize) -> Fields {
    (0..count).map(|k| Field::new(format!("p{k}"), ty.arrow(), true)).collect()
}

/// What the value of a group is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Digest,
    Columns,
    Array,
}

#[derive(Debug)]
struct Digests {
    form: Form,
    /// The type of the values; dynamic where digests are merged.
    ty: Type,
    percents: Vec<f64>,
    /// The type found so far: digests of different types cannot be merged.
    groups: Vec<(Option<Type>, Digest)>,
    /// Heap bytes of the groups, kept up to date as they grow.
    bytes: usize,
}

impl Digests {
    fn new(form: Form, config: &Config) -> Digests {
        let percents = (0..config.numbers.len()).filter_map(|k| config.real(k)).collect();
        let ty = config.types.first().copied().unwrap_or(Type::Dynamic);
        Digests { form, ty, percents, groups: Vec::new(), bytes: 0 }
    }

    fn insert(&mut self, group: usize, ty: Type, key: u64, weight: u64) {
        let (known, digest) = &mut self.groups[group];
        *known = Some(ty);
        self.bytes += digest.insert(key, weight);
    }

    /// Takes rows that are digests.
    fn take(
        &mut self,
        array: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let texts = array.as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if texts.is_null(row) || !selected(filter, row) {
                continue;
            }
            let Some((ty, entries)) = digest::read(texts.value(row)) else { continue };
            if !entries.is_empty() {
                self.agree(group, ty)?;
            }
            for (key, weight) in entries {
                self.insert(group, ty, key, weight);
            }
        }
        Ok(())
    }

    /// Digests of different types cannot be merged.
    fn agree(&self, group: usize, ty: Type) -> Result<()> {
        match self.groups[group].0 {
            Some(known) if known != ty => Err(mixed_digests(known, ty)),
            _ => Ok(()),
        }
    }

    fn digests(&mut self, emit: EmitTo) -> Vec<(Option<Type>, Digest)> {
        let out = emit.take_needed(&mut self.groups);
        let freed: usize = out.iter().map(|(_, digest)| digest.size()).sum();
        self.bytes = self.bytes.saturating_sub(freed);
        out
    }

    fn texts(&mut self, emit: EmitTo) -> ArrayRef {
        let own = if self.ty == Type::Dynamic { Type::Real } else { self.ty };
        let mut out = StringViewBuilder::new();
        let mut text = String::new();
        for (ty, digest) in self.digests(emit) {
            text.clear();
            digest::write(&mut text, &digest.entries(), ty.unwrap_or(own));
            out.append_value(&text);
        }
        Arc::new(out.finish())
    }
}

impl Groups for Digests {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), (None, Digest::default()));
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        if self.ty == Type::Dynamic {
            return self.take(&values[0], groups, filter);
        }
        let keys = digest::keys(&values[0], self.ty)?;
        let weights = match values.get(1) {
            Some(weights) => Some(cast(weights, &DataType::Int64)?),
            None => None,
        };
        let weights = weights.as_ref().map(|w| w.as_primitive::<Int64Type>());
        let ty = if self.ty == Type::Decimal { Type::Real } else { self.ty };
        for (row, key) in keys.into_iter().enumerate() {
            let weight = weights.map_or(1, |w| if w.is_valid(row) { w.value(row) } else { 0 });
            let Some(key) = key.filter(|_| selected(filter, row)) else { continue };
            // What weighs nothing is not there.
            if let Ok(weight) = u64::try_from(weight) {
                self.insert(groups[row], ty, key, weight);
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let types = states[0].as_string_view();
        let sketches: &BinaryArray = states[1].as_binary();
        for (row, &group) in groups.iter().enumerate() {
            // A group without a type has no values.
            if let Some(ty) =
                types.is_valid(row).then(|| Type::from_name(types.value(row))).flatten()
            {
                self.agree(group, ty)?;
                let (known, digest) = &mut self.groups[group];
                *known = Some(ty);
                self.bytes += digest.merge(sketches.value(row));
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        if self.form == Form::Digest {
            return Ok(self.texts(emit));
        }
        let answers: Vec<Vec<Option<u64>>> = self
            .digests(emit)
            .iter()
            .map(|(_, digest)| digest::percentiles(&digest.entries(), &self.percents))
            .collect();
        if self.form == Form::Array {
            let mut out = StringViewBuilder::new();
            let mut text = String::new();
            for answer in &answers {
                text.clear();
                digest::write_values(&mut text, answer, self.ty);
                out.append_value(&text);
            }
            return Ok(Arc::new(out.finish()));
        }
        let columns = (0..self.percents.len())
            .map(|k| digest::column(answers.iter().map(|a| a[k]), self.ty))
            .collect::<Result<Vec<_>>>()?;
        let fields = fields(self.ty, self.percents.len());
        Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (mut types, mut sketches) = (StringViewBuilder::new(), BinaryBuilder::new());
        let mut bytes = Vec::new();
        for (ty, digest) in self.digests(emit) {
            types.append_option(ty.map(Type::name));
            bytes.clear();
            digest.write(&mut bytes);
            sketches.append_value(&bytes);
        }
        Ok(vec![Arc::new(types.finish()), Arc::new(sketches.finish())])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<(Option<Type>, Digest)>()
    }
}
