//! What all telemetry tables share: the columns of the context tags, and how the two vocabularies
//! name them.

use crate::table::{ColumnDef, ColumnRole, Source, TableDef, ViewColumn, ViewDef, Vocabulary};
use crate::types::Type;

pub(super) const TIMESTAMP: ColumnDef =
    ColumnDef::with_role("timestamp", Type::DateTime, ColumnRole::Time);
pub(super) const ID: ColumnDef = ColumnDef::with_role("id", Type::String, ColumnRole::Id);
pub(super) const DIMENSIONS: ColumnDef =
    ColumnDef::with_role("customDimensions", Type::Dynamic, ColumnRole::Bag(Type::String));
pub(super) const MEASUREMENTS: ColumnDef =
    ColumnDef::with_role("customMeasurements", Type::Dynamic, ColumnRole::Bag(Type::Real));

/// The stored context columns, in the order of the classic tail (spec ingestion.md §10.1), then
/// what
/// only we keep: `itemId`, the time of receipt, the size of the envelope in bytes, what was cut.
pub(super) const TAIL: [ColumnDef; 25] = [
    ColumnDef::new("operation_Name", Type::String),
    ColumnDef::with_role("operation_Id", Type::String, ColumnRole::Id),
    ColumnDef::with_role("operation_ParentId", Type::String, ColumnRole::Id),
    ColumnDef::new("operation_SyntheticSource", Type::String),
    ColumnDef::new("session_Id", Type::String),
    ColumnDef::new("user_Id", Type::String),
    ColumnDef::new("user_AuthenticatedId", Type::String),
    ColumnDef::new("user_AccountId", Type::String),
    ColumnDef::new("application_Version", Type::String),
    ColumnDef::new("client_Type", Type::String),
    ColumnDef::new("client_Model", Type::String),
    ColumnDef::new("client_OS", Type::String),
    ColumnDef::new("client_IP", Type::String),
    ColumnDef::new("client_City", Type::String),
    ColumnDef::new("client_StateOrProvince", Type::String),
    ColumnDef::new("client_CountryOrRegion", Type::String),
    ColumnDef::new("client_Browser", Type::String),
    ColumnDef::new("cloud_RoleName", Type::String),
    ColumnDef::new("cloud_RoleInstance", Type::String),
    ColumnDef::new("sdkVersion", Type::String),
    ColumnDef::with_role("itemId", Type::String, ColumnRole::Id),
    ColumnDef::new("itemCount", Type::Int),
    ColumnDef::new("_received", Type::DateTime),
    ColumnDef::new("_size", Type::Int),
    ColumnDef::new("_cut", Type::Dynamic),
];

/// The column of the views of telemetry that is there for queries that name it: which texts were
/// cut on arrival, by column or `customDimensions.key`, and how many UTF-16 units they had. Null
/// where nothing was cut.
pub static CUT: ViewColumn = column("_Cut", Type::Dynamic, Source::Column("_cut"));

/// The stored columns of a table: its own `head`, then [`TAIL`].
pub(super) const fn with_tail<const H: usize, const N: usize>(
    head: [ColumnDef; H],
) -> [ColumnDef; N] {
    let mut all = [TIMESTAMP; N];
    let mut i = 0;
    while i < H {
        all[i] = head[i];
        i += 1;
    }
    while i < N {
        all[i] = TAIL[i - H];
        i += 1;
    }
    all
}

/// Where `itemType` and `itemCount` stand in the classic table (they differ for four tables).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemTypePlace {
    /// After the table's own columns and before `customDimensions`; `itemCount` in the tail.
    BeforeDimensions,
    /// In the tail after `itemId`, followed by `itemCount`.
    TailWithCount,
    /// In the tail after `itemId`; the table has no `itemCount`.
    TailWithoutCount,
}

/// Workspace names of the stored context columns; those absent here have none.
const WORKSPACE_TAIL: [(&str, &str); 19] = [
    ("OperationName", "operation_Name"),
    ("OperationId", "operation_Id"),
    ("ParentId", "operation_ParentId"),
    ("SyntheticSource", "operation_SyntheticSource"),
    ("SessionId", "session_Id"),
    ("UserId", "user_Id"),
    ("UserAuthenticatedId", "user_AuthenticatedId"),
    ("UserAccountId", "user_AccountId"),
    ("AppVersion", "application_Version"),
    ("AppRoleName", "cloud_RoleName"),
    ("AppRoleInstance", "cloud_RoleInstance"),
    ("ClientType", "client_Type"),
    ("ClientModel", "client_Model"),
    ("ClientOS", "client_OS"),
    ("ClientIP", "client_IP"),
    ("ClientCity", "client_City"),
    ("ClientStateOrProvince", "client_StateOrProvince"),
    ("ClientCountryOrRegion", "client_CountryOrRegion"),
    ("ClientBrowser", "client_Browser"),
];

/// One table's own columns as the workspace vocabulary shows them.
pub(super) type WorkspaceColumn = (&'static str, Type, Source);

/// What [`views`] needs to know about a table.
pub(super) struct Views {
    pub table: &'static TableDef,
    pub item_type: &'static str,
    pub place: ItemTypePlace,
    pub doc: &'static str,
    pub workspace: &'static str,
    /// The table's own workspace columns, between `TimeGenerated` and the common ones.
    pub workspace_columns: Vec<WorkspaceColumn>,
    pub has_measurements: bool,
}

const fn column(name: &'static str, ty: Type, source: Source) -> ViewColumn {
    ViewColumn { name, ty, source }
}

/// The classic and the workspace view of one table.
pub(super) fn views(v: Views) -> Vec<ViewDef> {
    let classic = ViewDef {
        name: v.table.name,
        vocabulary: Vocabulary::Classic,
        table: Some(v.table),
        columns: classic_columns(&v),
        time_column: "timestamp",
        doc: v.doc,
    };
    let workspace = ViewDef {
        name: v.workspace,
        vocabulary: Vocabulary::Workspace,
        table: Some(v.table),
        columns: workspace_columns(v.workspace, v.workspace_columns, v.has_measurements, true),
        time_column: "TimeGenerated",
        doc: v.doc,
    };
    vec![classic, workspace]
}

fn classic_columns(v: &Views) -> Vec<ViewColumn> {
    let item_type = column("itemType", Type::String, Source::Text(v.item_type));
    let own = v.table.columns.len() - TAIL.len();
    let mut columns = Vec::new();
    for c in &v.table.columns[..own] {
        if c.name == "customDimensions" && v.place == ItemTypePlace::BeforeDimensions {
            columns.push(item_type);
        }
        columns.push(column(c.name, c.ty, Source::Column(c.name)));
    }
    for c in &TAIL {
        match c.name {
            "sdkVersion" => {
                columns.push(column("appId", Type::String, Source::AppId));
                columns.push(column("appName", Type::String, Source::AppName));
                columns.push(column("iKey", Type::String, Source::InstrumentationKey));
                columns.push(column(c.name, c.ty, Source::Column(c.name)));
            }
            "itemId" => {
                columns.push(column(c.name, c.ty, Source::Column(c.name)));
                if v.place != ItemTypePlace::BeforeDimensions {
                    columns.push(item_type);
                }
            }
            "itemCount" if v.place == ItemTypePlace::TailWithoutCount => {}
            name if name.starts_with('_') => {}
            name => columns.push(column(name, c.ty, Source::Column(name))),
        }
    }
    columns.push(column("_ResourceId", Type::String, Source::AppId));
    columns
}

/// The columns of a workspace view: time, own ones, then the common ones.
pub(super) fn workspace_columns(
    name: &'static str,
    own: Vec<WorkspaceColumn>,
    has_measurements: bool,
    stored: bool,
) -> Vec<ViewColumn> {
    let from = |stored_name: &'static str| {
        if stored { Source::Column(stored_name) } else { Source::Missing }
    };
    let owns_count = own.iter().any(|(n, _, _)| *n == "ItemCount");
    let mut columns = vec![column("TimeGenerated", Type::DateTime, from("timestamp"))];
    columns.extend(own.into_iter().map(|(n, t, s)| column(n, t, s)));
    columns.push(column("Properties", Type::Dynamic, from("customDimensions")));
    let measurements = if has_measurements { from("customMeasurements") } else { Source::Missing };
    columns.push(column("Measurements", Type::Dynamic, measurements));
    columns.extend(WORKSPACE_TAIL.iter().map(|(n, s)| column(n, Type::String, from(s))));
    columns.push(column("ResourceGUID", Type::String, Source::AppId));
    columns.push(column("IKey", Type::String, Source::InstrumentationKey));
    columns.push(column("SDKVersion", Type::String, from("sdkVersion")));
    if !owns_count {
        columns.push(column("ItemCount", Type::Int, from("itemCount")));
    }
    columns.push(column("ReferencedItemId", Type::String, Source::Missing));
    columns.push(column("ReferencedType", Type::String, Source::Missing));
    columns.push(column("SourceSystem", Type::String, Source::Text("Azure")));
    columns.push(column("TenantId", Type::String, Source::AppId));
    columns.push(column("Type", Type::String, Source::Text(name)));
    columns.push(column("_ResourceId", Type::String, Source::AppId));
    columns.push(column("_SubscriptionId", Type::String, Source::Missing));
    columns.push(column("_ItemId", Type::String, from("itemId")));
    columns.push(column("_BilledSize", Type::Real, from("_size")));
    columns.push(column("_IsBillable", Type::String, Source::Text("true")));
    columns
}
