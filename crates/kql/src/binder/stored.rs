//! Stored functions: the outermost names of every query.
//!
//! Invariant: their text is not the query's, so whatever of it stands in the bound query stands at
//! the place of the call, and what is found wrong in it is said with the function's name.

use std::rc::Rc;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::diagnostic::Span;
use crate::shape;

use super::Binder;
use super::scope::{Binding, Frame, Function};

/// The frame in which all stored functions stand.
pub(super) fn frame(catalog: &dyn Catalog) -> Frame {
    let mut frame = Frame::default();
    for stored in catalog.functions() {
        let function = Function {
            name: stored.name.clone(),
            parameters: Arc::clone(&stored.parameters),
            body: Arc::clone(&stored.body),
            // All of them see each other, and nothing else.
            frames: 1,
            names: usize::MAX,
            view: false,
            tabular: stored.tabular,
            stored: true,
        };
        frame.names.insert(stored.name.clone(), Binding::Function(Rc::new(function)));
    }
    frame
}

/// A copy of a stored function all of which stands at the place of its call; `None` for others.
pub(super) fn placed(function: &Function, call: Span) -> Option<Rc<Function>> {
    if !function.stored {
        return None;
    }
    let mut parameters = function.parameters.to_vec();
    let mut body = function.body.to_vec();
    shape::move_to(&mut parameters, &mut body, call);
    Some(Rc::new(Function {
        name: function.name.clone(),
        parameters: parameters.into(),
        body: body.into(),
        ..*function
    }))
}

impl Binder<'_> {
    /// Whether what is bound now is the text of a stored function.
    pub(super) fn is_inside_stored(&self) -> bool {
        self.active.iter().any(|function| function.stored)
    }

    /// Names the stored function in whose body the findings after the first `count` were made.
    pub(super) fn findings_inside(&mut self, function: &Function, count: usize) {
        if !function.stored {
            return;
        }
        for finding in self.diagnostics.iter_mut().skip(count) {
            finding.message = format!("in `{}`: {}", function.name, finding.message);
        }
    }
}
