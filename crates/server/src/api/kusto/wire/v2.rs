//! Version 2: a list of frames (spec query-api.md §3).
//!
//! Invariant: members stand in the order of the specification, rows last: one client reads them
//! token by token.

use kql::bound::Render;
use model::Type;
use model::time::{Fraction, format_datetime};
use query::TableHead;
use query::answer::Cells;
use serde_json::{Value, json};

use super::{push_values, statistics, trouble, visualization};
use crate::app::now;
use crate::cells::{Form, write_rows};
use crate::headers::Ids;
use crate::reply::{CHUNK_BYTES, Outcome, Shape, Trouble};

/// Where an answer says that rows are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    #[default]
    InData,
    EndOfTable,
    EndOfDataset,
}

impl Placement {
    fn name(self) -> &'static str {
        match self {
            Placement::InData => "InData",
            Placement::EndOfTable => "EndOfTable",
            Placement::EndOfDataset => "EndOfDataset",
        }
    }
}

/// What a client chose of the form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Framing {
    /// Every frame stands on a line of its own.
    pub newlines: bool,
    /// Result tables come as a head, fragments and an end.
    pub fragmented: bool,
    pub placement: Placement,
}

/// A query's answer.
#[derive(Debug)]
pub struct V2 {
    ids: Ids,
    framing: Framing,
    has_frames: bool,
    /// The open table: its id, and whether it has rows.
    table: usize,
    rows: u64,
}

impl V2 {
    pub fn new(ids: Ids, framing: Framing) -> V2 {
        V2 { ids, framing, has_frames: false, table: 0, rows: 0 }
    }

    /// What stands before a frame.
    fn frame(&mut self, out: &mut String) {
        let separator = match (self.has_frames, self.framing.newlines) {
            (false, _) => "[",
            (true, false) => ",",
            (true, true) => "\n,",
        };
        out.push_str(separator);
        self.has_frames = true;
    }

    /// A frame up to its rows.
    fn open_frame<'a>(
        &mut self,
        out: &mut String,
        frame: &str,
        (id, kind, name): (usize, &str, &str),
        columns: impl Iterator<Item = (&'a str, Type)>,
    ) {
        self.frame(out);
        out.push_str(&format!(
            "{{\"FrameType\":\"{frame}\",\"TableId\":{id},\"TableKind\":\"{kind}\",\
             \"TableName\":\"{name}\",\"Columns\":["
        ));
        for (i, (name, ty)) in columns.enumerate() {
            out.push_str(if i == 0 { "{\"ColumnName\":" } else { ",{\"ColumnName\":" });
            model::json::write_string(out, name);
            out.push_str(&format!(",\"ColumnType\":\"{}\"}}", ty.name()));
        }
        out.push(']');
    }

    /// A whole table of small rows.
    fn table(
        &mut self,
        out: &mut String,
        table: (usize, &str, &str),
        columns: &[(&str, Type)],
        rows: &[Value],
    ) {
        self.open_frame(out, "DataTable", table, columns.iter().copied());
        out.push_str(",\"Rows\":[");
        push_values(out, rows);
        out.push_str("]}");
    }

    fn open_fragment(&mut self, out: &mut String) {
        self.frame(out);
        let id = self.table;
        out.push_str(&format!(
            "{{\"FrameType\":\"TableFragment\",\"TableFragmentType\":\"DataAppend\",\
             \"TableId\":{id},\"Rows\":["
        ));
    }
}

impl Shape for V2 {
    fn start(&mut self, out: &mut String, tables: &[TableHead]) {
        self.frame(out);
        out.push_str(&format!(
            "{{\"FrameType\":\"DataSetHeader\",\"IsProgressive\":false,\"Version\":\"v2.0\",\
             \"IsFragmented\":{},\"ErrorReportingPlacement\":\"{}\"}}",
            self.framing.fragmented,
            self.framing.placement.name()
        ));
        let columns = [("TableId", Type::Int), ("Key", Type::String), ("Value", Type::Dynamic)];
        let row = |(i, table): (usize, &TableHead)| {
            let render: Option<&Render> = table.render.as_ref();
            json!([i + 1, "Visualization", visualization(render).to_string()])
        };
        let rows: Vec<Value> = tables.iter().enumerate().map(row).collect();
        self.table(out, (0, "QueryProperties", "@ExtendedProperties"), &columns, &rows);
    }

    fn open_table(&mut self, out: &mut String, number: usize, head: &TableHead) {
        (self.table, self.rows) = (number + 1, 0);
        let name = match number {
            0 => "PrimaryResult".to_owned(),
            number => format!("Table_{number}"),
        };
        let columns = head.columns.iter().map(|c| (c.name.as_str(), c.ty));
        let table = (self.table, "PrimaryResult", name.as_str());
        if self.framing.fragmented {
            self.open_frame(out, "TableHeader", table, columns);
            out.push('}');
        } else {
            self.open_frame(out, "DataTable", table, columns);
            out.push_str(",\"Rows\":[");
        }
    }

    fn rows(&mut self, out: &mut String, cells: &Cells<'_>, from: usize) -> usize {
        let is_fragmented = self.framing.fragmented;
        if is_fragmented {
            self.open_fragment(out);
        }
        let is_first = is_fragmented || self.rows == 0;
        let next = write_rows(out, cells, from, CHUNK_BYTES, Form::Kusto, is_first);
        self.rows += (next - from) as u64;
        if is_fragmented {
            out.push_str("]}");
        }
        next
    }

    fn close_table(&mut self, out: &mut String, lacking: Option<&Trouble>) {
        let Framing { fragmented, placement, .. } = self.framing;
        let errors = lacking.map(|lacking| json!([trouble(lacking, &self.ids)]));
        // A table in one frame has no end of its own to say it at.
        let is_in_data =
            placement == Placement::InData || (placement == Placement::EndOfTable && !fragmented);
        if let Some(errors) = errors.as_ref().filter(|_| is_in_data) {
            if fragmented {
                self.open_fragment(out);
            } else if self.rows > 0 {
                out.push(',');
            }
            out.push_str(&json!({ "OneApiErrors": errors }).to_string());
            out.push_str(if fragmented { "]}" } else { "" });
        }
        if !fragmented {
            out.push_str("]}");
            return;
        }
        self.frame(out);
        let mut end =
            json!({ "FrameType": "TableCompletion", "TableId": self.table, "RowCount": self.rows });
        if let Some(errors) = errors.filter(|_| placement == Placement::EndOfTable) {
            end["OneApiErrors"] = errors;
        }
        out.push_str(&end.to_string());
    }

    fn end(&mut self, out: &mut String, outcome: &Outcome) {
        let id = outcome.rows.len() + 1;
        let name = "QueryCompletionInformation";
        let rows = completion(outcome, &self.ids);
        self.table(out, (id, name, name), &COMPLETION_COLUMNS, &rows);
        self.frame(out);
        let errors: Vec<Value> =
            outcome.trouble.iter().map(|lacking| trouble(lacking, &self.ids)).collect();
        let mut end = json!({
            "FrameType": "DataSetCompletion",
            "HasErrors": !errors.is_empty(),
            "Cancelled": outcome.is_cancelled(),
        });
        if !errors.is_empty() {
            end["OneApiErrors"] = Value::from(errors);
        }
        out.push_str(&end.to_string());
        out.push_str(if self.framing.newlines { "\n]\n" } else { "]" });
    }
}

const COMPLETION_COLUMNS: [(&str, Type); 12] = [
    ("Timestamp", Type::DateTime),
    ("ClientRequestId", Type::String),
    ("ActivityId", Type::Guid),
    ("SubActivityId", Type::Guid),
    ("ParentActivityId", Type::Guid),
    ("Level", Type::Int),
    ("LevelName", Type::String),
    ("StatusCode", Type::Int),
    ("StatusCodeName", Type::String),
    ("EventType", Type::Int),
    ("EventTypeName", Type::String),
    ("Payload", Type::String),
];

fn completion(outcome: &Outcome, ids: &Ids) -> [Value; 2] {
    let at = format_datetime(now(), Fraction::Seven);
    let row = |level: (i32, &str), status: (i32, &str), event: (i32, &str), payload: Value| {
        let (id, client, payload) = (&ids.activity, &ids.client, payload.to_string());
        json!([
            at, client, id, id, id, level.0, level.1, status.0, status.1, event.0, event.1, payload
        ])
    };
    let done = match &outcome.trouble {
        Some(lacking) => {
            let text = json!({ "Count": 1, "Text": lacking.message() });
            row((2, "Error"), (1, "E_FAIL"), (4, "QueryInfo"), text)
        }
        None => {
            let text = json!({ "Count": 1, "Text": "Query completed successfully" });
            row((4, "Info"), (0, "S_OK (0)"), (4, "QueryInfo"), text)
        }
    };
    let cost = statistics(outcome);
    [done, row((6, "Stats"), (0, "S_OK (0)"), (0, "QueryResourceConsumption"), cost)]
}
