//! Where the items of one request go: rows, counts, and the scratch space items share.
//!
//! Invariant: an item is written only after everything of it was read, so a refused item leaves
//! no trace in the rows.

use std::rc::Rc;

use model::{AppId, TableDef};

use super::Context;
use super::bags;
use super::fault::Refusal;
use super::fields::{Check, Slot};
use super::place::OWN_OPERATION;
use super::tags::{OPERATION_ID, Tag, Tags};
use crate::json::Value;
use crate::rows::{Row, Rows};
use crate::user_agent::UserAgent;

/// An envelope that may become a row: everything in it that does not depend on its type.
#[derive(Debug)]
pub(crate) struct Item<'t, 'a> {
    pub app: AppId,
    pub timestamp: i64,
    pub tags: Tags<'t>,
    pub agent: Option<Rc<UserAgent>>,
    /// How many items this one stands for, by its sample rate.
    pub item_count: i64,
    pub item_id: u128,
    pub size_bytes: usize,
    /// Whether the client asked not to keep the sender's address.
    pub hide_sender: bool,
    pub data: Value<'t, 'a>,
}

/// The outcome of one request under construction.
#[derive(Debug)]
pub(crate) struct Sink<'c> {
    pub context: &'c Context<'c>,
    pub check: Check,
    rows: Rows,
    /// JSON text of the current item's `customDimensions`; empty when it has none.
    pub dimensions: String,
    /// JSON text of the current item's `customMeasurements`; empty when it has none.
    pub measurements: String,
    /// The current item's own operation id where the request's path named another.
    pub own_operation: String,
}

impl<'c> Sink<'c> {
    pub fn new(context: &'c Context<'c>, rows_hint: usize) -> Sink<'c> {
        Sink {
            context,
            check: Check::default(),
            rows: Rows::new(rows_hint),
            dimensions: String::new(),
            measurements: String::new(),
            own_operation: String::new(),
        }
    }

    /// Reads both bags of an item; the properties in `taken` are left out.
    pub fn read_bags(
        &mut self,
        properties: Slot<'_, '_>,
        measurements: Slot<'_, '_>,
        taken: &[&str],
    ) -> Result<(), Refusal> {
        self.read_properties(properties, taken)?;
        bags::write_measurements(&mut self.check, measurements, &mut self.measurements)
    }

    /// Reads the properties of an item that has no measurements.
    pub fn read_properties(
        &mut self,
        properties: Slot<'_, '_>,
        taken: &[&str],
    ) -> Result<(), Refusal> {
        self.dimensions.clear();
        self.measurements.clear();
        bags::write_properties(&mut self.check, properties, taken, &mut self.dimensions)?;
        let is_free = || bags::property(properties, OWN_OPERATION).is_none();
        if !self.own_operation.is_empty() && is_free() {
            bags::add_property(&mut self.dimensions, OWN_OPERATION, &self.own_operation);
            let place = || format!("customDimensions.{OWN_OPERATION}");
            self.check.marks.rename(OPERATION_ID, place);
        }
        Ok(())
    }

    /// Writes one row: the time, what `own` appends, the bags, the context columns, what was cut.
    pub fn write(
        &mut self,
        item: &Item<'_, '_>,
        table: &'static TableDef,
        measured: Measured,
        own: impl FnOnce(&mut Row<'_>),
    ) {
        let mut row = self.rows.row(item.app, table);
        row.long(item.timestamp);
        own(&mut row);
        row.dynamic(&self.dimensions);
        if measured == Measured::Yes {
            row.dynamic(&self.measurements);
        }
        // Metrics are not sampled.
        let item_count = if measured == Measured::Yes { item.item_count } else { 1 };
        write_tail(&mut row, self.context, item, item_count);
        row.dynamic(&self.check.marks.json());
        row.end();
    }

    pub fn finish(self) -> (Rows, Check) {
        (self.rows, self.check)
    }
}

/// Whether a table has the column `customMeasurements`; those of metrics have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    Yes,
    No,
}

/// The context columns, in the order of the tables' tail, without the marks of cuts.
fn write_tail(row: &mut Row<'_>, context: &Context<'_>, item: &Item<'_, '_>, item_count: i64) {
    let tags = &item.tags;
    for tag in [
        Tag::OperationName,
        Tag::OperationId,
        Tag::OperationParentId,
        Tag::SyntheticSource,
        Tag::SessionId,
        Tag::UserId,
        Tag::AuthenticatedUserId,
        Tag::AccountId,
        Tag::ApplicationVersion,
    ] {
        row.text(tags.get(tag));
    }
    let agent = item.agent.as_deref();
    let of_agent = |part: fn(&UserAgent) -> &str| agent.map_or("", part);
    row.text(first(&[tags.get(Tag::DeviceType), "PC"]));
    row.text(first(&[tags.get(Tag::DeviceModel), of_agent(|a| &a.model)]));
    row.text(first(&[tags.get(Tag::OsVersion), tags.get(Tag::Os), of_agent(|a| &a.os)]));
    row.text(client_ip(context, item));
    for tag in [Tag::City, Tag::Province, Tag::Country] {
        row.text(tags.get(tag));
    }
    row.text(of_agent(|a| &a.browser));
    for tag in [Tag::Role, Tag::RoleInstance, Tag::SdkVersion] {
        row.text(tags.get(tag));
    }
    let mut guid = [0; 36];
    row.text(guid_text(item.item_id, &mut guid));
    row.long(item_count);
    row.long(context.now);
    row.long(i64::try_from(item.size_bytes).unwrap_or(i64::MAX));
}

fn first<'s>(texts: &[&'s str]) -> &'s str {
    texts.iter().find(|t| !t.is_empty()).unwrap_or(&"")
}

/// Masked unless addresses are kept (spec ingestion.md §8).
fn client_ip<'s>(context: &Context<'s>, item: &'s Item<'_, '_>) -> &'s str {
    const MASKED: &str = "0.0.0.0";
    match context.sender_address {
        None => MASKED,
        Some(_) if item.hide_sender => first(&[item.tags.get(Tag::Ip), MASKED]),
        Some(sender) => first(&[item.tags.get(Tag::Ip), sender, MASKED]),
    }
}

/// `8-4-4-4-12` lower-case hexadecimal digits of `id`.
fn guid_text(id: u128, out: &mut [u8; 36]) -> &str {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut at = 0;
    for (i, byte) in id.to_be_bytes().into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out[at] = b'-';
            at += 1;
        }
        out[at] = HEX[usize::from(byte >> 4)];
        out[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    // Only ASCII was written.
    std::str::from_utf8(out).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_guid_text() {
        let id = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;
        assert_eq!(guid_text(id, &mut [0; 36]), "01234567-89ab-cdef-0011-223344556677");
    }
}
