//! Every scalar function, operator and aggregate a query may call: names, overloads, result types.
//!
//! Declared once here, implemented once in `query/functions`, under the canonical name.
//! Invariant: the binder emits only calls whose argument types fit one [`Overload`] exactly;
//! implicit conversions are explicit calls of `tolong`, `toreal`, `tostring`, ….

mod aggregate;
mod conditional;
mod conversion;
mod datetime;
mod dynamic;
mod encoding;
mod geo;
mod internal;
mod make_series;
mod math;
mod network;
mod operators;
mod series;
mod sketches;
mod string;
mod tabular;
mod units;
mod unsupported;
mod window;

use model::Type;

pub use tabular::{TabularOperator, tabular_operators};
pub use unsupported::{alternative, is_known_elsewhere, known_elsewhere};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Scalar,
    /// Called under its KQL spelling: `"=="`, `"!in"`, `"unary -"`.
    Operator,
    Aggregate,
    /// Reads other rows: needs an order.
    Window,
}

/// The type an argument must have after the binder's conversions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// Exactly this type; numbers are widened and dynamics converted to it.
    Of(Type),
    /// A literal of exactly this type.
    Const(Type),
    /// A string; every other type is converted with `tostring`.
    Text,
    /// Any type, unchanged.
    Any,
    /// All `Common` arguments of a call have one type, whichever (dynamic included).
    Common,
    /// All `Ordered` arguments of a call have one type, which has an order: not dynamic.
    Ordered,
}

/// The type of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    Is(Type),
    /// The type of the `Common` or `Ordered` arguments.
    Common,
    /// One output per argument, each of its argument's type (`arg_max`, `take_any`).
    Each,
    /// One output of the first argument's type per further argument (`percentiles`).
    First,
}

/// One way to call a function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overload {
    pub params: &'static [Param],
    /// How many parameters at the end may be left out.
    pub optional: usize,
    /// First position and number of the parameters that may be repeated as a group
    /// (`case`: `(0, 2)`); the group is given at least once unless it is optional.
    pub repeat: Option<(usize, usize)>,
    pub returns: Returns,
}

/// How an unnamed column holding a call is named (spec kql.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `Column1`, `Column2`, ….
    Positional,
    /// The name of the first argument: `tostring(a)` is `a`.
    Argument,
    /// The first argument's name, when it is the only argument.
    OnlyArgument,
    /// The prefix, `_`, the name of the first argument when that is a column: `sum_x`, `count_`.
    Prefix(&'static str),
    /// Always the same.
    Fixed(&'static str),
    /// The binder has a rule for this function (`percentile_x_95`, `arg_max`).
    Special,
}

/// A function, operator or aggregate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signature {
    /// The name calls carry in the bound query.
    pub name: &'static str,
    /// Other spellings of the same function.
    pub aliases: &'static [&'static str],
    pub kind: Kind,
    pub overloads: &'static [Overload],
    pub naming: Naming,
    /// The binder replaces the call: no implementation is needed.
    pub by_binder: bool,
    /// One line for the reference page.
    pub summary: &'static str,
    /// Names of the parameters of the longest overload, as the reference and the editor show them:
    /// `"text, start, length"`. Empty for operators and functions without parameters.
    pub parameters: &'static str,
    /// The columns a call yields, in order, when they are several: the end of each name, and its
    /// type. The call itself is then an array of their values.
    pub outputs: &'static [(&'static str, Type)],
    /// Where the answer differs from the vendor's on purpose, one sentence; mostly empty.
    pub differs: &'static str,
}

const fn scalar(
    name: &'static str,
    overloads: &'static [Overload],
    summary: &'static str,
) -> Signature {
    Signature {
        name,
        aliases: &[],
        kind: Kind::Scalar,
        overloads,
        naming: Naming::Positional,
        by_binder: false,
        summary,
        parameters: "",
        outputs: &[],
        differs: "",
    }
}

impl Signature {
    const fn of_kind(mut self, kind: Kind) -> Signature {
        self.kind = kind;
        self
    }
    const fn also(mut self, aliases: &'static [&'static str]) -> Signature {
        self.aliases = aliases;
        self
    }
    const fn named(mut self, naming: Naming) -> Signature {
        self.naming = naming;
        self
    }
    /// The column takes the name of the first argument.
    const fn keeps_name(self) -> Signature {
        self.named(Naming::Argument)
    }
    /// Names the parameters.
    const fn takes(mut self, parameters: &'static str) -> Signature {
        self.parameters = parameters;
        self
    }
    /// The columns of a function that yields several.
    const fn yields(mut self, outputs: &'static [(&'static str, Type)]) -> Signature {
        self.outputs = outputs;
        self
    }
    /// States a difference from the vendor that is meant.
    const fn differs(mut self, sentence: &'static str) -> Signature {
        self.differs = sentence;
        self
    }
    const fn by_binder(mut self) -> Signature {
        self.by_binder = true;
        self
    }
}

const fn over(params: &'static [Param], returns: Type) -> Overload {
    Overload { params, optional: 0, repeat: None, returns: Returns::Is(returns) }
}

const fn common(params: &'static [Param]) -> Overload {
    Overload { params, optional: 0, repeat: None, returns: Returns::Common }
}

impl Overload {
    const fn optional(mut self, count: usize) -> Overload {
        self.optional = count;
        self
    }
    const fn repeat(mut self, first: usize, count: usize) -> Overload {
        self.repeat = Some((first, count));
        self
    }
    const fn returns(mut self, returns: Returns) -> Overload {
        self.returns = returns;
        self
    }

    /// The parameter for each of `count` arguments, or `None` when that many do not fit.
    pub fn expand(&self, count: usize) -> Option<Vec<Param>> {
        let least = self.params.len() - self.optional;
        let Some((first, group)) = self.repeat else {
            let fits = (least..=self.params.len()).contains(&count);
            return fits.then(|| self.params[..count].to_vec());
        };
        if count < least {
            return None;
        }
        if count <= self.params.len() {
            return Some(self.params[..count].to_vec());
        }
        let more = count - self.params.len();
        if !more.is_multiple_of(group) {
            return None;
        }
        let (head, tail) = self.params.split_at(first + group);
        let mut all = head.to_vec();
        for _ in 0..more / group {
            all.extend_from_slice(&head[first..]);
        }
        all.extend_from_slice(tail);
        Some(all)
    }
}

/// A title and the declarations under it.
pub type Family = (&'static str, &'static [Signature]);

/// All declarations, by family, in the order of the reference.
pub fn families() -> impl Iterator<Item = Family> {
    [
        ("Comparisons and arithmetic", operators::SIGNATURES),
        ("Text", string::SIGNATURES),
        ("Encodings", encoding::SIGNATURES),
        ("Time", datetime::SIGNATURES),
        ("Conversion", conversion::SIGNATURES),
        ("Numbers", math::SIGNATURES),
        ("Measures and statistics", units::SIGNATURES),
        ("Arrays and bags", dynamic::SIGNATURES),
        ("Series", series::SIGNATURES),
        ("Addresses", network::SIGNATURES),
        ("Places", geo::SIGNATURES),
        ("Conditions", conditional::SIGNATURES),
        ("Stored counts and quantiles", sketches::SIGNATURES),
        ("Aggregates", aggregate::SIGNATURES),
        ("Rows in order", window::SIGNATURES),
    ]
    .into_iter()
}

/// All declarations.
pub fn all() -> impl Iterator<Item = &'static Signature> {
    families().flat_map(|(_, signatures)| signatures)
}

/// The scalar function called `name` (canonical or old spelling, exact letter case).
pub fn scalar_function(name: &str) -> Option<&'static Signature> {
    find(name, Kind::Scalar)
}

/// The aggregate called `name` (canonical or old spelling, exact letter case).
pub fn aggregate_function(name: &str) -> Option<&'static Signature> {
    find(name, Kind::Aggregate)
}

/// The window function called `name` (exact letter case).
pub fn window_function(name: &str) -> Option<&'static Signature> {
    find(name, Kind::Window)
}

/// The operator spelled `name`, or the internal function of that name: what no text can call, only
/// the binder.
pub fn operator(name: &str) -> Option<&'static Signature> {
    find(name, Kind::Operator).or_else(|| internal(name))
}

/// The function or aggregate only the binder can call `name`.
pub fn internal(name: &str) -> Option<&'static Signature> {
    internal::SIGNATURES.iter().chain(make_series::SIGNATURES).find(|s| s.name == name)
}

fn find(name: &str, kind: Kind) -> Option<&'static Signature> {
    all().find(|s| s.kind == kind && (s.name == name || s.aliases.contains(&name)))
}

/// Short names of types and parameters, so that the tables read like a reference.
mod short {
    use super::Param;
    use model::Type;

    pub const BOOL: Param = Param::Of(Type::Bool);
    pub const INT: Param = Param::Of(Type::Int);
    pub const LONG: Param = Param::Of(Type::Long);
    pub const REAL: Param = Param::Of(Type::Real);
    pub const DECIMAL: Param = Param::Of(Type::Decimal);
    pub const STRING: Param = Param::Of(Type::String);
    pub const DATETIME: Param = Param::Of(Type::DateTime);
    pub const TIMESPAN: Param = Param::Of(Type::TimeSpan);
    pub const DYNAMIC: Param = Param::Of(Type::Dynamic);
    /// A literal string.
    pub const WORD: Param = Param::Const(Type::String);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_declared_once_per_kind() {
        let mut seen = std::collections::BTreeSet::new();
        for signature in all() {
            for name in signature.aliases.iter().chain([&signature.name]) {
                assert!(seen.insert((signature.kind == Kind::Aggregate, *name)), "{name} twice");
                assert!(!is_known_elsewhere(name), "{name} is declared");
            }
        }
    }

    #[test]
    fn functions_name_their_parameters() {
        for signature in all().filter(|s| s.kind != Kind::Operator) {
            let longest = signature.overloads.iter().map(|o| o.params.len()).max().unwrap_or(0);
            let names = signature.parameters.split(", ").filter(|name| !name.is_empty()).count();
            assert!(names >= longest, "{}: {names} names, {longest} parameters", signature.name);
        }
    }

    #[test]
    fn repeated_groups_expand_to_the_number_of_arguments() {
        let case = scalar_function("case").map(|s| s.overloads[0]);
        let bool_then = [Param::Of(Type::Bool), Param::Common];
        let five = [&bool_then[..], &bool_then[..], &[Param::Common]].concat();
        assert_eq!(case.and_then(|o| o.expand(5)), Some(five));
        assert_eq!(case.and_then(|o| o.expand(4)), None);
        let substring = scalar_function("substring").map(|s| s.overloads[0]);
        assert_eq!(substring.and_then(|o| o.expand(2)).map(|p| p.len()), Some(2));
        assert_eq!(substring.and_then(|o| o.expand(4)), None);
    }
}
