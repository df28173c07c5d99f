//! One envelope: judged by what all types share, then handed to its type
//! (spec ingestion.md §5, §6).

use std::borrow::Cow;
use std::rc::Rc;

use model::{AppId, TableDef};

use super::fault::Refusal;
use super::sink::{Item, Sink};
use super::tags::{Tag, Tags};
use super::{App, Mode, Window};
use super::{
    availability, dependency, event, exception, message, metric, page_view, page_view_performance,
    request,
};
use crate::json::{Kind, Value};
use crate::scalar;
use crate::time::parse_time;
use crate::user_agent::{self, UserAgent};

/// `flags` bit by which a client asks to drop the sender's address.
const FLAG_HIDE_SENDER: u64 = 0x20_0000;
const TIME_UNITS_MAX: usize = 64;

/// Reads the data of one type and writes its row; the table it went to.
type Decode = fn(&Item<'_, '_>, &mut Sink<'_>) -> Result<&'static TableDef, Refusal>;

/// The spellings of `baseType`; letter case does not count.
const TYPES: [(&str, Decode); 11] = [
    ("RequestData", request::decode),
    ("RemoteDependencyData", dependency::decode),
    ("EventData", event::decode),
    ("MessageData", message::decode),
    ("ExceptionData", exception::decode),
    ("MetricData", metric::decode),
    ("PageViewData", page_view::decode),
    ("PageEventData", page_view::decode),
    ("PageViewPerfData", page_view_performance::decode),
    ("PageViewPerformanceData", page_view_performance::decode),
    ("AvailabilityData", availability::decode),
];

/// The members of an envelope that decide anything.
#[derive(Debug, Default)]
struct Envelope<'t, 'a> {
    key: Option<Value<'t, 'a>>,
    time: Option<Value<'t, 'a>>,
    sample_rate: Option<Value<'t, 'a>>,
    flags: Option<Value<'t, 'a>>,
    tags: Option<Value<'t, 'a>>,
    data: Option<Value<'t, 'a>>,
}

impl<'t, 'a> Envelope<'t, 'a> {
    fn read(root: Value<'t, 'a>) -> Envelope<'t, 'a> {
        let mut envelope = Envelope::default();
        for (key, value) in root.members() {
            let value = (!value.is_null()).then_some(value);
            match key.as_ref() {
                "iKey" => envelope.key = value,
                "time" => envelope.time = value,
                "sampleRate" => envelope.sample_rate = value,
                "flags" => envelope.flags = value,
                "tags" => envelope.tags = value,
                "data" => envelope.data = value,
                _ => {}
            }
        }
        envelope
    }
}

/// What stays the same from item to item and is worth remembering.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Whose the item at hand is, once that is known.
    pub current: Option<AppId>,
    /// The last key and whose it is.
    app: Option<(String, App)>,
    /// The last user agent that came in a tag.
    tagged: Option<(String, Rc<UserAgent>)>,
    /// The user agent of the HTTP request.
    sent: Option<Rc<UserAgent>>,
}

/// Decodes one item into a row.
pub(crate) fn decode(
    root: Value<'_, '_>,
    index: usize,
    size_bytes: usize,
    memory: &mut Memory,
    sink: &mut Sink<'_>,
) -> Result<(App, &'static TableDef), Refusal> {
    if !root.is_object() {
        return Err(Refusal::not_object());
    }
    let envelope = Envelope::read(root);
    let app = find_app(envelope.key, memory, sink).ok_or_else(Refusal::invalid_key)?;
    memory.current = Some(app.id);
    sink.check.mode = app.mode;
    sink.check.marks.clear();
    let (decode, data) = base(envelope.data)?;
    let timestamp = timestamp(envelope.time, app.mode, sink)?;
    let mut tags = Tags::read(envelope.tags, &mut sink.check)?;
    sink.own_operation.clear();
    if let Some(own) = sink.context.place.and_then(|place| place.take(&mut tags)) {
        sink.own_operation.push_str(&own);
    }
    let agent = find_agent(&tags, memory, sink);
    let item = Item {
        app: app.id,
        timestamp,
        tags,
        agent,
        item_count: item_count(envelope.sample_rate, app.mode)?,
        // An index always fits into 128 bits.
        item_id: sink.context.item_id.wrapping_add(index as u128),
        size_bytes,
        hide_sender: hides_sender(envelope.flags),
        data,
    };
    Ok((app, decode(&item, sink)?))
}

fn find_app(key: Option<Value<'_, '_>>, memory: &mut Memory, sink: &Sink<'_>) -> Option<App> {
    let key = scalar::text(key?)?;
    if let Some((known, app)) = &memory.app
        && *known == key
    {
        return Some(*app);
    }
    let app = (sink.context.app)(&key)?;
    memory.app = Some((key.into_owned(), app));
    Some(app)
}

/// The type's decoder and `baseData`.
fn base<'t, 'a>(data: Option<Value<'t, 'a>>) -> Result<(Decode, Value<'t, 'a>), Refusal> {
    let data = data.ok_or_else(|| Refusal::required("Envelope", "data", "Data"))?;
    if !data.is_object() {
        let actual = scalar::type_name(data);
        return Err(Refusal::wrong_type("Envelope", "data", "Data", actual));
    }
    let (mut base_type, mut base_data) = (None, None);
    for (key, value) in data.members() {
        match key.as_ref() {
            "baseType" => base_type = Some(value),
            "baseData" => base_data = Some(value),
            _ => {}
        }
    }
    let name = base_type.and_then(scalar::text).unwrap_or_default();
    if name.is_empty() {
        return Err(Refusal::required("Data", "baseType", "string"));
    }
    let known = TYPES.iter().find(|(ty, _)| ty.eq_ignore_ascii_case(&name));
    let Some((_, decode)) = known else { return Err(Refusal::unknown_type(&name)) };
    match base_data {
        Some(value) if value.is_object() => Ok((*decode, value)),
        Some(value) if !value.is_null() => {
            let actual = scalar::type_name(value);
            Err(Refusal::wrong_type("Data", "baseData", "object", actual))
        }
        _ => Err(Refusal::required("Data", "baseData", "object")),
    }
}

fn timestamp(time: Option<Value<'_, '_>>, mode: Mode, sink: &Sink<'_>) -> Result<i64, Refusal> {
    let now = sink.context.now;
    let text = time.and_then(scalar::text).unwrap_or_default();
    if text.is_empty() {
        return match mode {
            Mode::Default => Ok(now),
            Mode::Strict => Err(Refusal::required("Envelope", "time", "datetime")),
        };
    }
    let unreadable =
        || Refusal::wrong_type("Envelope", "time", "datetime", time.map_or("", scalar::type_name));
    let nanos = if crate::limits::fits(&text, TIME_UNITS_MAX) { parse_time(&text) } else { None };
    let nanos = nanos.ok_or_else(unreadable)?;
    if let Some(window) = &sink.context.window {
        judge_time(nanos, now, window)?;
    }
    // With the window off, what a row cannot hold is unreadable.
    i64::try_from(nanos).map_err(|_| unreadable())
}

fn judge_time(nanos: i128, now: i64, window: &Window) -> Result<(), Refusal> {
    const MS: i128 = 1_000_000;
    let ahead = nanos - i128::from(now);
    let (past, future) = (i128::from(window.past_ns), i128::from(window.future_ns));
    if -ahead > past {
        return Err(Refusal::too_old(past / MS, -ahead / MS));
    }
    if ahead > future {
        return Err(Refusal::too_new(future / MS, ahead / MS));
    }
    Ok(())
}

/// The user agent that says something about this item (spec ingestion.md §8).
fn find_agent(tags: &Tags<'_>, memory: &mut Memory, sink: &Sink<'_>) -> Option<Rc<UserAgent>> {
    let tagged = tags.get(Tag::UserAgent);
    if !tagged.is_empty() {
        if let Some((known, agent)) = &memory.tagged
            && known == tagged
        {
            return Some(Rc::clone(agent));
        }
        let agent = Rc::new(user_agent::parse(tagged));
        memory.tagged = Some((tagged.to_owned(), Rc::clone(&agent)));
        return Some(agent);
    }
    let sent = sink.context.user_agent.filter(|text| text.starts_with("Mozilla/"))?;
    // PowerShell begins like a browser, too.
    if tags.get(Tag::DeviceType) != "Browser" {
        return None;
    }
    // Header values have no limit of their own.
    let parse = || Rc::new(user_agent::parse(crate::limits::cut(sent, 2048)));
    Some(Rc::clone(memory.sent.get_or_insert_with(parse)))
}

/// 100 / rate, rounded half up, at least 1.
fn item_count(sample_rate: Option<Value<'_, '_>>, mode: Mode) -> Result<i64, Refusal> {
    let Some(value) = sample_rate else { return Ok(1) };
    if mode == Mode::Strict && !matches!(value.kind(), Kind::Number(_)) {
        let actual = scalar::type_name(value);
        return Err(Refusal::wrong_type("Envelope", "sampleRate", "double", actual));
    }
    let rate = scalar::number(value).unwrap_or(100.0);
    if rate <= 0.0 || rate >= 100.0 {
        return Ok(1);
    }
    Ok(scalar::clamp_to_int((100.0 / rate + 0.5).floor()))
}

fn hides_sender(flags: Option<Value<'_, '_>>) -> bool {
    let Some(flags) = flags else { return false };
    let bits = match flags.kind() {
        Kind::Number(number) => Cow::Borrowed(number),
        _ => scalar::text(flags).unwrap_or_default(),
    };
    bits.trim().parse::<u64>().is_ok_and(|bits| bits & FLAG_HIDE_SENDER != 0)
}
