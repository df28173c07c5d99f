//! Context tags of an envelope (spec ingestion.md §8).

use std::borrow::Cow;

use super::fault::Refusal;
use super::fields::Check;
use super::{Cut, Mode};
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

/// The column of the operation's id.
pub(super) const OPERATION_ID: &str = "operation_Id";

/// Name, limit in UTF-16 units, and the column that keeps it, or the name where none does or not
/// always; in the order of [`Tag`].
const TAGS: [(&str, usize, &str); 21] = [
    ("ai.operation.name", 1024, "operation_Name"),
    ("ai.operation.id", 128, OPERATION_ID),
    ("ai.operation.parentId", 512, "operation_ParentId"),
    ("ai.operation.syntheticSource", 1024, "operation_SyntheticSource"),
    ("ai.session.id", 64, "session_Id"),
    ("ai.user.id", 128, "user_Id"),
    ("ai.user.authUserId", 1024, "user_AuthenticatedId"),
    ("ai.user.accountId", 1024, "user_AccountId"),
    ("ai.user.userAgent", 2048, "ai.user.userAgent"),
    ("ai.application.ver", 1024, "application_Version"),
    ("ai.cloud.role", 256, "cloud_RoleName"),
    ("ai.cloud.roleInstance", 256, "cloud_RoleInstance"),
    ("ai.device.type", 64, "client_Type"),
    ("ai.device.model", 256, "client_Model"),
    ("ai.device.osVersion", 256, "client_OS"),
    ("ai.device.os", 256, "ai.device.os"),
    ("ai.location.ip", 46, "client_IP"),
    ("ai.location.country", 256, "client_CountryOrRegion"),
    ("ai.location.province", 256, "client_StateOrProvince"),
    ("ai.location.city", 256, "client_City"),
    ("ai.internal.sdkVersion", 64, "sdkVersion"),
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
            let (name, units_max, column) = TAGS[at];
            if check.mode == Mode::Strict && !matches!(value.kind(), Kind::Text(_) | Kind::Null) {
                let actual = scalar::type_name(value);
                return Err(Refusal::wrong_type(TYPE, name, "string", actual));
            }
            let text = scalar::text(value).unwrap_or_default();
            let cut = Cut { ty: TYPE, field: name };
            tags.texts[at] = check.limit(cut, units_max, text, |_| column.to_owned())?;
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
        .position(|(name, ..)| *name == key)
        .or_else(|| TAGS.iter().position(|(name, ..)| name.eq_ignore_ascii_case(key)))
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
