//! Context tags of an envelope (spec ingestion.md §8).

use std::borrow::Cow;

use super::Mode;
use super::fault::Refusal;
use super::fields::Check;
use crate::json::{Kind, Value};
use crate::scalar;

/// The type fault texts name for tags.
const TYPE: &str = "ContextTagKeys";

/// The tags that have a column or decide one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    OperationName,
    OperationId,
    OperationParentId,
    SyntheticSource,
    SessionId,
    UserId,
    AuthenticatedUserId,
    AccountId,
    UserAgent,
    ApplicationVersion,
    Role,
    RoleInstance,
    DeviceType,
    DeviceModel,
    OsVersion,
    Os,
    Ip,
    Country,
    Province,
    City,
    SdkVersion,
}

/// Name and limit in UTF-16 units, in the order of [`Tag`].
const TAGS: [(&str, usize); 21] = [
    ("ai.operation.name", 1024),
    ("ai.operation.id", 128),
    ("ai.operation.parentId", 512),
    ("ai.operation.syntheticSource", 1024),
    ("ai.session.id", 64),
    ("ai.user.id", 128),
    ("ai.user.authUserId", 1024),
    ("ai.user.accountId", 1024),
    ("ai.user.userAgent", 2048),
    ("ai.application.ver", 1024),
    ("ai.cloud.role", 256),
    ("ai.cloud.roleInstance", 256),
    ("ai.device.type", 64),
    ("ai.device.model", 256),
    ("ai.device.osVersion", 256),
    ("ai.device.os", 256),
    ("ai.location.ip", 46),
    ("ai.location.country", 256),
    ("ai.location.province", 256),
    ("ai.location.city", 256),
    ("ai.internal.sdkVersion", 64),
];

/// The tags of one envelope.
#[derive(Debug, Default)]
pub(crate) struct Tags<'t> {
    texts: [Cow<'t, str>; TAGS.len()],
}

impl<'t> Tags<'t> {
    /// Reads an envelope's `tags`; anything but an object has none.
    pub fn read(value: Option<Value<'t, '_>>, check: &mut Check) -> Result<Tags<'t>, Refusal> {
        let mut tags = Tags::default();
        let Some(value) = value else { return Ok(tags) };
        for (key, value) in value.members() {
            let Some(at) = find(key) else { continue };
            let (name, units_max) = TAGS[at];
            if check.mode == Mode::Strict && !matches!(value.kind(), Kind::Text(_) | Kind::Null) {
                let actual = scalar::type_name(value);
                return Err(Refusal::wrong_type(TYPE, name, "string", actual));
            }
            let text = scalar::text(value).unwrap_or_default();
            tags.texts[at] = check.limit(TYPE, name, units_max, text)?;
        }
        Ok(tags)
    }

    /// Gives a tag another text; the one it had.
    pub fn replace(&mut self, tag: Tag, text: String) -> Cow<'t, str> {
        std::mem::replace(&mut self.texts[tag as usize], Cow::Owned(text))
    }

    /// The text of a tag; empty when it was not sent.
    pub fn get(&self, tag: Tag) -> &str {
        &self.texts[tag as usize]
    }
}

/// Letter case does not count, but nearly every client writes the names as above.
fn find(key: &str) -> Option<usize> {
    TAGS.iter()
        .position(|(name, _)| *name == key)
        .or_else(|| TAGS.iter().position(|(name, _)| name.eq_ignore_ascii_case(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_stands_at_its_place() {
        for (tag, name) in [
            (Tag::OperationName, "ai.operation.name"),
            (Tag::UserAgent, "ai.user.userAgent"),
            (Tag::Role, "ai.cloud.role"),
            (Tag::DeviceType, "ai.device.type"),
            (Tag::Ip, "ai.location.ip"),
            (Tag::SdkVersion, "AI.INTERNAL.SDKVERSION"),
        ] {
            assert_eq!(find(name), Some(tag as usize), "{name}");
        }
        assert_eq!(find("ai.device.osArchitecture"), None);
    }
}
