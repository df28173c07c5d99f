//! Where rows come from: tables, `let` tables, functions, other applications, literal rows.

use model::tables::CUT;
use model::{Type, ViewDef, Vocabulary};

use crate::bound::{Column, Literal, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::suggest;
use crate::syntax::{self, Argument, ExprKind, Name, SchemaColumn};

use super::Binder;
use super::coerce::convert_literal;
use super::expressions::{call, column_ref, literal, literal_type};
use super::functions::Value;
use super::operations::as_literal;
use super::relations::filter;
use super::scope::{Binding, unwrap};

/// Functions that name another place: `app('x').requests`.
pub(super) fn is_remote(name: &str) -> bool {
    matches!(name, "app" | "workspace" | "resource" | "adx" | "arg" | "cluster" | "database")
}

/// Those of them that name an application; for Kusto's clients it is a database.
fn names_application(place: &str) -> bool {
    matches!(place, "app" | "workspace" | "database")
}

/// The rows whose `time` is in the half-open range.
fn within(scan: Relation, time: &Column, (start, end): (i64, i64), span: Span) -> Relation {
    let bound = |op: &'static str, at: i64| {
        let args = vec![column_ref(time, span), literal(Literal::DateTime(at), span)];
        call(op, args, Type::Bool, span)
    };
    let both = vec![bound(">=", start), bound("<", end)];
    filter(scan, call("and", both, Type::Bool, span), span)
}

impl Binder<'_> {
    /// A table inside another expression: sees no columns and is outside of any aggregate.
    pub(super) fn subquery(&mut self, expr: &syntax::Expr) -> Option<Relation> {
        let aggregating = self.aggregating.take();
        let windowing = self.windowing.take();
        let stepping = self.stepping.take();
        self.level += 1;
        let relation = self.relation(expr);
        self.level -= 1;
        self.stepping = stepping;
        self.windowing = windowing;
        self.aggregating = aggregating;
        relation
    }

    /// An expression that must yield a table.
    pub(super) fn relation(&mut self, expr: &syntax::Expr) -> Option<Relation> {
        self.deeper(expr.span, |binder| binder.relation_inner(expr))
    }

    fn relation_inner(&mut self, expr: &syntax::Expr) -> Option<Relation> {
        match &expr.kind {
            ExprKind::Missing => None,
            ExprKind::Parenthesized(inner) => self.relation(inner),
            ExprKind::Pipeline(pipeline) => self.pipeline(pipeline, expr.span),
            ExprKind::Name(name) => self.table(name),
            ExprKind::Call { name, args } => self.table_call(name, args, expr.span),
            ExprKind::Member { base, name } => match &unwrap(base).kind {
                ExprKind::Call { name: place, args } if is_remote(&place.text) => {
                    self.remote(place, args, Some(name), expr.span)
                }
                _ => self.not_a_table(expr.span),
            },
            ExprKind::Datatable { columns, values } => self.datatable(columns, values, expr.span),
            ExprKind::ExternalData { .. } => {
                let message = "`externaldata` is not supported: queries fetch nothing from outside";
                self.error(codes::NOT_SUPPORTED, expr.span, message)
            }
            _ => self.not_a_table(expr.span),
        }
    }

    fn not_a_table<T>(&mut self, span: Span) -> Option<T> {
        if self.is_broken(span) {
            return None;
        }
        self.error(codes::NOT_ALLOWED, span, "a value stands where a table is expected")
    }

    fn table(&mut self, name: &Name) -> Option<Relation> {
        match self.lookup_table(&name.text) {
            Some(Binding::Table(relation)) => {
                let relation = relation.clone();
                return self.fresh(&relation, name.span);
            }
            Some(Binding::Function(function)) if function.tabular => {
                let function = function.clone();
                return self.call_table_function(&function, &[], None, name.span);
            }
            Some(Binding::Poisoned) => return None,
            Some(_) => return self.not_a_table(name.span),
            None => {}
        }
        match self.catalog.table(&name.text) {
            Some(view) => self.scan(view, None, name.span),
            None => self.unknown_table(name, None),
        }
    }

    fn unknown_table<T>(&mut self, name: &Name, app: Option<&str>) -> Option<T> {
        let lets = self.binding_names(|b| {
            matches!(b, Binding::Table(_))
                || matches!(b, Binding::Function(function) if function.tabular)
        });
        let tables = self.tables_of(app);
        let known: Vec<&str> = tables.into_iter().chain(lets.iter().map(String::as_str)).collect();
        let message = format!("no table `{}`", name.text);
        let help = match suggest::nearest(&name.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                // One vocabulary is enough to show what names look like.
                let is_classic = |name: &&&str| {
                    let other = [Vocabulary::Workspace, Vocabulary::Pipelines];
                    self.catalog.table(name).is_none_or(|v| !other.contains(&v.vocabulary))
                };
                let shown: Vec<&str> = known.iter().filter(is_classic).take(10).copied().collect();
                format!("tables are `{}`, …", shown.join("`, `"))
            }
        };
        self.report(Diagnostic::new(codes::UNKNOWN_NAME, name.span, message).help(help))
    }

    /// The names of the tables of the request, or of one application.
    pub(super) fn tables_of(&self, app: Option<&str>) -> Vec<&'static str> {
        match app {
            Some(app) => self.catalog.table_names_in(app),
            None => self.catalog.table_names(),
        }
    }

    /// The table of this name of the request, or of one application.
    pub(super) fn table_of(&self, app: Option<&str>, name: &str) -> Option<&'static ViewDef> {
        match app {
            Some(app) => self.catalog.table_in(app, name),
            None => self.catalog.table(name),
        }
    }

    /// All rows of a table within the request's time range.
    pub(super) fn scan(
        &mut self,
        view: &'static ViewDef,
        app: Option<String>,
        span: Span,
    ) -> Option<Relation> {
        self.spend(view.columns.len(), span)?;
        let on_demand = view.on_demand(CUT.name).filter(|_| self.names_cut);
        let columns = view.columns.iter().chain(on_demand);
        let columns: Vec<_> = columns.map(|c| self.column(c.name, c.ty)).collect();
        let time = columns.iter().find(|c| c.name == view.time_column).cloned();
        let kind = RelationKind::Scan { view, app };
        let mut scan = Relation { kind, columns, span };
        let Some(range) = self.options.time_range else { return Some(scan) };
        if let Some(time) = time {
            return Some(within(scan, &time, range, span));
        }
        if view.vocabulary == Vocabulary::Pipelines {
            return Some(scan);
        }
        // A table without a time of its own: by when its rows came in, which stays hidden.
        let shown: Vec<usize> = (0..scan.columns.len()).collect();
        let id = self.fresh_id();
        self.add_received(&mut scan, id);
        let received = scan.columns.last().cloned()?;
        self.pick(within(scan, &received, range, span), &shown, span)
    }

    fn table_call(&mut self, name: &Name, args: &[Argument], span: Span) -> Option<Relation> {
        if let Some(Binding::Function(function)) = self.lookup(&name.text) {
            let function = function.clone();
            return self.call_table_function(&function, args, None, span);
        }
        match (name.text.as_str(), args) {
            ("materialize", [table]) => {
                let relation = self.relation(&table.value)?;
                Some(self.shared(relation))
            }
            ("table", [table]) | ("table", [table, _]) => {
                let text = self.literal_text(&table.value, "the name of the table")?;
                let name = Name { text, span: table.value.span, quoted: true };
                self.table(&name)
            }
            (place, _) if is_remote(place) => self.remote(name, args, None, span),
            _ if crate::signatures::scalar_function(&name.text).is_some() => self.not_a_table(span),
            _ => self.unknown_function(name),
        }
    }

    pub(super) fn call_table_function(
        &mut self,
        function: &std::rc::Rc<super::scope::Function>,
        args: &[Argument],
        piped: Option<Relation>,
        span: Span,
    ) -> Option<Relation> {
        match self.call_function(function, args, piped, span, &[])? {
            Value::Table(relation) => Some(relation),
            Value::Scalar(_) => self.not_a_table(span),
        }
    }

    fn literal_text(&mut self, expr: &syntax::Expr, what: &str) -> Option<String> {
        let bound = self.scalar(expr, &[])?;
        match as_literal(&bound) {
            Some(Literal::String { value, .. }) => Some(value.clone()),
            _ => {
                let message = format!("{what} must be a literal string");
                self.error(codes::CONSTANT_NEEDED, expr.span, message)
            }
        }
    }

    /// `app('x').requests`, `workspace('x').AppRequests`.
    fn remote(
        &mut self,
        place: &Name,
        args: &[Argument],
        table: Option<&Name>,
        span: Span,
    ) -> Option<Relation> {
        if !names_application(&place.text) {
            let message = format!(
                "`{}()` is not supported: a query sees the applications of this server only",
                place.text
            );
            let mut finding = Diagnostic::new(codes::NOT_SUPPORTED, place.span, message);
            if let ("cluster", Some(table)) = (place.text.as_str(), table) {
                finding = finding.help(format!("name the table alone: `{}`", table.text));
            }
            return self.report(finding);
        }
        let (Some(table), [arg]) = (table, args) else {
            let message = format!("`{}('name')` needs a table after it", place.text);
            let help = format!("for example `{}('name').requests`", place.text);
            return self.report(Diagnostic::new(codes::NOT_ALLOWED, span, message).help(help));
        };
        let app = self.named_application(arg)?;
        match self.catalog.table_in(&app, &table.text) {
            Some(view) => self.scan(view, Some(app), span),
            None => self.unknown_table(table, Some(&app)),
        }
    }

    fn named_application(&mut self, arg: &Argument) -> Option<String> {
        let app = self.literal_text(&arg.value, "the name of the application")?;
        if self.catalog.has_app(&app) {
            return Some(app);
        }
        let message = format!("no application `{app}`");
        self.error(codes::UNKNOWN_NAME, arg.value.span, message)
    }

    /// The application `app('x')` names.
    pub(super) fn application(&mut self, place: &syntax::Expr) -> Option<String> {
        let ExprKind::Call { name, args } = &unwrap(place).kind else {
            return self.not_a_table(place.span);
        };
        match args.as_slice() {
            [arg] if names_application(&name.text) => self.named_application(arg),
            _ => self.remote(name, args, None, place.span).and(None),
        }
    }

    fn datatable(
        &mut self,
        schema: &[SchemaColumn],
        values: &[syntax::Expr],
        span: Span,
    ) -> Option<Relation> {
        if self.is_broken(span) {
            return None;
        }
        if schema.is_empty() || !values.len().is_multiple_of(schema.len()) {
            let message =
                format!("{} values do not fill rows of {} columns", values.len(), schema.len());
            let help = "each row has a value for every column; is a comma missing?";
            return self.report(Diagnostic::new(codes::WRONG_TABLE, span, message).help(help));
        }
        self.spend(values.len(), span)?;
        let mut names = super::names::Names::default();
        let mut columns = Vec::with_capacity(schema.len());
        for wanted in schema {
            let Some(name) = names.written(&wanted.name.text) else {
                return self.named_twice(&wanted.name);
            };
            columns.push(self.column(name, wanted.ty));
        }
        let mut rows = Vec::with_capacity(values.len() / schema.len());
        let mut complete = true;
        for values in values.chunks(schema.len()) {
            let cells: Vec<Option<Literal>> =
                values.iter().zip(schema).map(|(v, c)| self.cell(v, c.ty)).collect();
            match cells.into_iter().collect::<Option<Vec<Literal>>>() {
                Some(row) => rows.push(row),
                None => complete = false,
            }
        }
        complete.then_some(Relation { kind: RelationKind::Values { rows }, columns, span })
    }

    /// A value of a literal row, converted to its column's type.
    fn cell(&mut self, value: &syntax::Expr, ty: Type) -> Option<Literal> {
        let bound = self.scalar(value, &[])?;
        let Some(given) = as_literal(&bound) else {
            return self.report(
                Diagnostic::new(codes::CONSTANT_NEEDED, value.span, "a literal is expected here")
                    .help("`print … | union …` makes rows of computed values"),
            );
        };
        if literal_type(given) == ty {
            return Some(given.clone());
        }
        match super::coerce::convert_literal(given, ty).or_else(|| cell_literal(given, ty)) {
            Some(converted) => Some(converted),
            None => {
                let message = format!("{} cannot stand in a column of type {ty}", bound.ty);
                self.error(codes::WRONG_TYPE, value.span, message)
            }
        }
    }

    pub(super) fn named_twice<T>(&mut self, name: &Name) -> Option<T> {
        let message = format!("the column `{}` is named twice", name.text);
        let help = format!("give one another name: `{}2 = …`", name.text);
        self.report(Diagnostic::new(codes::NAMED_TWICE, name.span, message).help(help))
    }
}

/// Conversions `datatable` makes besides the exact ones.
fn cell_literal(value: &Literal, ty: Type) -> Option<Literal> {
    let null = Literal::Null(ty);
    Some(match (value, ty) {
        (Literal::String { value, .. }, Type::Int) => {
            value.trim().parse().map_or(null, Literal::Int)
        }
        (Literal::String { value, .. }, Type::Long) => {
            value.trim().parse().map_or(null, Literal::Long)
        }
        (Literal::String { value, .. }, Type::Real) => {
            value.trim().parse().map_or(null, Literal::Real)
        }
        (Literal::String { value, .. }, Type::Decimal) => {
            value.trim().parse().map_or(null, Literal::Decimal)
        }
        (Literal::String { value, .. }, Type::Bool) => {
            value.trim().to_lowercase().parse().map_or(null, Literal::Bool)
        }
        (Literal::String { value, .. }, Type::Guid) => guid(value).map_or(null, Literal::Guid),
        (Literal::String { value, .. }, Type::Dynamic) => {
            let mut json = String::new();
            model::json::write_string(&mut json, value);
            Literal::Dynamic(json)
        }
        (Literal::Long(v), Type::Dynamic) => Literal::Dynamic(v.to_string()),
        (Literal::Int(v), Type::Dynamic) => Literal::Dynamic(v.to_string()),
        (Literal::Bool(v), Type::Dynamic) => Literal::Dynamic(v.to_string()),
        (Literal::Real(v), Type::Dynamic) => {
            let mut json = String::new();
            model::json::write_real(&mut json, *v);
            Literal::Dynamic(json)
        }
        (Literal::Long(v), Type::Bool) => Literal::Bool(*v != 0),
        (Literal::Long(v), Type::String) => text(v.to_string()),
        (Literal::Int(v), Type::String) => text(v.to_string()),
        (Literal::Bool(v), Type::String) => text(if *v { "True" } else { "False" }.to_owned()),
        (Literal::Guid(v), Type::String) => text(v.clone()),
        (Literal::DateTime(v), Type::String) => {
            text(model::time::format_datetime(*v, model::time::Fraction::Seven))
        }
        (Literal::TimeSpan(v), Type::String) => text(model::time::format_timespan(*v)),
        (Literal::Real(v), Type::Long) if v.fract() == 0.0 => convert_whole(*v)?,
        (Literal::Real(v), Type::String) => text(format!("{v:?}")),
        _ => return None,
    })
}

fn convert_whole(value: f64) -> Option<Literal> {
    (value.abs() < 9.0e15).then_some(Literal::Long(value as i64))
}

fn text(value: String) -> Literal {
    Literal::String { value, hidden: false }
}

/// 36 lower-case characters, or nothing.
pub(super) fn guid(value: &str) -> Option<String> {
    let value = value.trim().to_ascii_lowercase();
    let shape = value.char_indices().all(|(i, c)| match i {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    });
    (value.len() == 36 && shape).then_some(value)
}

/// The literal a query parameter's plain text means for a type.
pub(super) fn plain_literal(value: &str, ty: Type) -> Option<Literal> {
    let value = text(value.to_owned());
    let literal = convert_literal(&value, ty).or_else(|| cell_literal(&value, ty))?;
    (!matches!(literal, Literal::Null(_))).then_some(literal)
}
