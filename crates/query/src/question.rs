//! Questions of the binder about rows, answered before the query is planned (spec kql.md §10).

use kql::bound::Literal;
use kql::question::{Answer, Question, QuestionKind};
use model::Type;

use crate::answer::{Cells, Value};
use crate::error::Error;
use crate::functions::aggregate::properties;
use crate::plan::resolve;
use crate::query::Context;
use crate::run::Cap;

impl Context {
    /// Runs the relation of a question.
    pub async fn look_up(&mut self, question: Question) -> Result<Answer, Error> {
        let relation = self.prepare(question.relation).await?;
        let max = match question.kind {
            QuestionKind::Rows { max } => max as u64,
            QuestionKind::Properties => 1,
        };
        let rows = self.run(&relation, Cap { rows: Some(max), ..Cap::default() }).await?;
        let mut answer = Vec::new();
        for batch in &rows.batches {
            let cells = Cells::new(&relation.columns, batch);
            for row in 0..cells.rows() {
                if question.kind == QuestionKind::Properties {
                    let bag = match cells.value(row, 0) {
                        Value::Dynamic(bag) => bag,
                        _ => "{}",
                    };
                    answer.extend(properties::read(bag).into_iter().map(property));
                    continue;
                }
                let columns = relation.columns.iter().enumerate();
                let literals = columns.map(|(k, c)| resolve::literal(cells.value(row, k), c.ty));
                answer.push(literals.collect());
            }
        }
        Ok(answer)
    }
}

fn property((name, ty): (String, Type)) -> Vec<Literal> {
    let text = |value: String| Literal::String { value, hidden: false };
    vec![text(name), text(ty.name().to_owned())]
}
