//! Own aggregates: one implementation over groups serves grouped and ungrouped queries.
//!
//! Invariant: a function is determined by its name and its configuration.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};
use model::Type;

/// The values of many groups, numbered from 0.
pub(crate) trait Groups: std::fmt::Debug + Send + Sync + 'static {
    /// Makes room for this many groups; never for fewer than there are.
    fn resize(&mut self, groups: usize);
    /// Takes rows: `values` are the arguments, `groups[row]` the row's group.
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()>;
    /// Takes states made by [`Groups::state`].
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()>;
    /// The values of the groups that leave; the others move to the front.
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef>;
    /// The states of the groups that leave.
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>>;
    /// Bytes held.
    fn size(&self) -> usize;
}

/// Whether an aggregate's row filter lets `row` pass.
pub(crate) fn selected(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|f| f.is_valid(row) && f.value(row))
}

/// What a function is made for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Config {
    pub types: Vec<Type>,
    /// Constants of the call, doubles as their bits.
    pub numbers: Vec<u64>,
}

impl Config {
    pub fn of(types: &[Type]) -> Config {
        Config { types: types.to_vec(), numbers: Vec::new() }
    }
    pub fn reals(mut self, numbers: &[f64]) -> Config {
        self.numbers = numbers.iter().map(|n| n.to_bits()).collect();
        self
    }
    pub fn real(&self, k: usize) -> Option<f64> {
        self.numbers.get(k).map(|bits| f64::from_bits(*bits))
    }
}

type Make = fn(&Config) -> Box<dyn Groups>;

/// An aggregate function of `make`.
pub(crate) fn function(
    name: &'static str,
    config: Config,
    result: DataType,
    states: Vec<DataType>,
    make: Make,
) -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Function {
        name,
        config,
        result,
        states,
        make,
        signature,
    }))
}

#[derive(Debug)]
struct Function {
    name: &'static str,
    config: Config,
    result: DataType,
    states: Vec<DataType>,
    make: Make,
    signature: Signature,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name && self.config == other.config
    }
}
impl Eq for Function {}
impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.config).hash(state);
    }
}

impl AggregateUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }
    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types.to_vec())
    }
    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |(k, ty): (usize, &DataType)| {
            Arc::new(Field::new(format!("{}[{k}]", args.name), ty.clone(), true))
        };
        Ok(self.states.iter().enumerate().map(field).collect())
    }
    // Without it DataFusion 55 forgets that an ordered call needs its input sorted. The order it
    // then asks for is the call's own: nothing is reversed.
    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let mut groups = (self.make)(&self.config);
        groups.resize(1);
        Ok(Box::new(One { groups, zeros: Vec::new() }))
    }
    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }
    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let groups = (self.make)(&self.config);
        Ok(Box::new(Many { groups, config: self.config.clone(), make: self.make }))
    }
}

/// Grouped queries.
struct Many {
    groups: Box<dyn Groups>,
    config: Config,
    make: Make,
}

impl GroupsAccumulator for Many {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.groups.resize(total);
        self.groups.update(values, groups, filter)
    }
    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.groups.resize(total);
        self.groups.merge(values, groups)
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        self.groups.evaluate(emit)
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.groups.state(emit)
    }
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |v| v.len());
        let mut groups = (self.make)(&self.config);
        groups.resize(rows);
        groups.update(values, &(0..rows).collect::<Vec<_>>(), filter)?;
        groups.state(EmitTo::All)
    }
    fn size(&self) -> usize {
        self.groups.size()
    }
}

/// Queries without keys: group 0 alone.
#[derive(Debug)]
struct One {
    groups: Box<dyn Groups>,
    zeros: Vec<usize>,
}

impl One {
    fn zeros(&mut self, values: &[ArrayRef]) -> Vec<usize> {
        let mut zeros = std::mem::take(&mut self.zeros);
        zeros.resize(values.first().map_or(0, |v| v.len()), 0);
        zeros
    }
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let zeros = self.zeros(values);
        self.groups.update(values, &zeros, None)?;
        self.zeros = zeros;
        Ok(())
    }
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let zeros = self.zeros(states);
        self.groups.merge(states, &zeros)?;
        self.zeros = zeros;
        Ok(())
    }
    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.groups.evaluate(EmitTo::All)?;
        self.groups.resize(1);
        ScalarValue::try_from_array(&value, 0)
    }
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let states = self.groups.state(EmitTo::All)?;
        self.groups.resize(1);
        states.iter().map(|s| ScalarValue::try_from_array(s, 0)).collect()
    }
    fn size(&self) -> usize {
        self.groups.size() + self.zeros.capacity() * 8
    }
}
