//! The parameters that a text declares (`declare query_parameters`), told to pages so that they can
//! ask for values.

use kql::syntax::{Parameter, ParameterType, StatementKind};
use serde_json::{Value, json};

use super::call::PARAMETERS_MAX;
use super::wire;

/// Name, type and default of each parameter in order; places count UTF-16 units of the text.
pub fn parameters(text: &str) -> Value {
    let units = |byte: usize| wire::units(text, byte);
    let parsed = kql::parse(text);
    let parameters = parsed.query.statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::Parameters(parameters) => Some(parameters),
        _ => None,
    });
    let shape = |parameter: &Parameter| {
        let ParameterType::Scalar(ty) = parameter.ty else { return None };
        let default = parameter.default.as_ref().map(|default| {
            let span = default.span;
            json!({
                "text": text.get(span.start..span.end).unwrap_or_default(),
                "start": units(span.start),
                "end": units(span.end),
            })
        });
        let name = &parameter.name;
        (!name.text.is_empty()).then(|| {
            json!({
                "name": name.text,
                "type": ty.name(),
                "start": units(name.span.start),
                "end": units(name.span.end),
                "default": default,
            })
        })
    };
    parameters.flatten().filter_map(shape).take(PARAMETERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parameters;

    #[test]
    fn names_types_and_defaults_are_told_with_their_places() {
        assert_eq!(
            parameters("declare query_parameters(['ä']:long=-5, b:string); print 1"),
            json!([
                { "name": "ä", "type": "long", "start": 25, "end": 30,
                  "default": { "text": "-5", "start": 36, "end": 38 } },
                { "name": "b", "type": "string", "start": 40, "end": 41, "default": null },
            ])
        );
    }

    #[test]
    fn a_text_without_any_or_with_mistakes_tells_what_there_is() {
        assert_eq!(parameters("print 1"), json!([]));
        assert_eq!(parameters("declare query_parameters("), json!([]));
        assert_eq!(parameters("declare query_parameters(T:(x:long))"), json!([]));
    }
}
