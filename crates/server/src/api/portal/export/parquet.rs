//! Rows as a Parquet file, written while they are made.
//!
//! Invariant: what is held is one row group, at most about [`GROUP_BYTES`] of it, and a few pieces
//! on their way.

use std::sync::Arc;

use arrow::compute::cast;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::Type;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use query::{Part, TableHead};
use tokio::sync::mpsc;

use crate::ask::Asked;
use crate::error::Refusal;
use crate::reply::Trouble;

/// The media type; such a file is packed in itself.
pub const CONTENT_TYPE: &str = "application/vnd.apache.parquet";

/// Memory of a row group from which on it is written.
const GROUP_BYTES: usize = 16 << 20;
/// Rows of a row group.
const GROUP_ROWS: usize = 100_000;
/// Less than this is not worth sending before the end.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces that wait for the client.
const WAITING_MAX: usize = 4;

/// What the client gets: a piece of the file, or why there is no more of it.
type Piece = Result<Bytes, Refusal>;

/// A file that has no end.
#[derive(Debug, thiserror::Error)]
#[error("the file broke off")]
struct BrokenOff;

/// The only table of an answer as a file; waits until its first row group or its end.
///
/// # Errors
/// When the query fails before anything was sent.
pub async fn respond(mut asked: Asked) -> Result<Response, Refusal> {
    let (sender, mut pieces) = mpsc::channel::<Piece>(WAITING_MAX);
    let head = asked.tables.first().cloned().unwrap_or_default();
    tokio::spawn(async move {
        let written = tokio::select! {
            written = write(&mut asked, &head, &sender) => written,
            () = sender.closed() => return,
        };
        if let Err(refusal) = written {
            // Who left needs no reason.
            drop(sender.send(Err(refusal)).await);
        }
    });
    let first = pieces.recv().await.ok_or_else(Refusal::internal)??;
    let rest = futures::stream::unfold(pieces, |mut pieces| async {
        let piece = pieces.recv().await?;
        Some((piece.map_err(|_| BrokenOff), pieces))
    });
    let whole = futures::StreamExt::chain(futures::stream::iter([Ok(first)]), rest);
    let kind = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    Ok((kind, Body::from_stream(whole)).into_response())
}

async fn write(
    asked: &mut Asked,
    head: &TableHead,
    pieces: &mpsc::Sender<Piece>,
) -> Result<(), Refusal> {
    let schema = schema(head);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build();
    let mut file = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))
        .map_err(|error| internal(&error))?;
    let cut = loop {
        match asked.next().await? {
            Part::Rows(rows) => {
                let piece = tokio::task::block_in_place(|| add(&mut file, &rows, &schema))?;
                send(pieces, asked, piece).await?;
            }
            Part::TableEnd(cut) => break cut,
            Part::End(_) => return Err(Refusal::internal()),
        }
    };
    if let Some(cut) = cut {
        return Err(Trouble::Cut(cut).refusal());
    }
    // Only now the query counts as answered.
    asked.next().await?;
    tokio::task::block_in_place(|| file.finish()).map_err(|error| internal(&error))?;
    let piece = std::mem::take(file.inner_mut());
    send(pieces, asked, piece).await
}

/// Writes rows; gives the bytes that are ready.
fn add(
    file: &mut ArrowWriter<Vec<u8>>,
    rows: &RecordBatch,
    schema: &SchemaRef,
) -> Result<Vec<u8>, Refusal> {
    let columns = rows.columns().iter().zip(schema.fields());
    let columns = columns.map(|(array, field)| cast(array, field.data_type()));
    let columns = columns.collect::<Result<_, _>>().map_err(|error| internal(&error))?;
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let rows = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| internal(&error))?;
    file.write(&rows).map_err(|error| internal(&error))?;
    if file.in_progress_size() >= GROUP_BYTES {
        file.flush().map_err(|error| internal(&error))?;
    }
    // The few bytes at the start wait for a row group: before that nothing is known to succeed.
    Ok(match file.inner().len() < PIECE_BYTES {
        true => Vec::new(),
        false => std::mem::take(file.inner_mut()),
    })
}

/// Hands a piece on, if it is one.
async fn send(pieces: &mpsc::Sender<Piece>, asked: &Asked, piece: Vec<u8>) -> Result<(), Refusal> {
    if piece.is_empty() {
        return Ok(());
    }
    tokio::select! {
        sent = pieces.send(Ok(Bytes::from(piece))) => sent.map_err(|_| Refusal::internal()),
        () = asked.cancelled() => Err(query::Error::Cancelled.into()),
    }
}

/// Columns of the file. Moments are in UTC; lengths of time are nanoseconds.
fn schema(head: &TableHead) -> SchemaRef {
    let field = |column: &kql::bound::Column| {
        let ty = match column.ty {
            Type::DateTime => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Type::String | Type::Guid | Type::Dynamic => DataType::Utf8,
            ty => ty.arrow(),
        };
        Field::new(&column.name, ty, true)
    };
    Arc::new(Schema::new(head.columns.iter().map(field).collect::<Vec<_>>()))
}

fn internal(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(error = error.to_string(), "a file could not be written");
    Refusal::internal()
}
