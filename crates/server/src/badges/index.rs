//! What is served under which address: badges, strips and query badges, in memory whole.
//!
//! Invariants: an address means one thing at a time, names of now before ids before names of once;
//! a strip shows what its badges show, less those that are more private than itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use axum::http::HeaderValue;
use azdo::release_badge::{self, Sort};

use super::choice::{Choice, Look, Visibility};
use super::document::{Document, Names, StripDocument, StripKey};
use super::draw::{Face, Picture, Variant, draw};
use super::query::QueryBadge;
use super::secret::Secret;
use crate::commands::client::encode;

/// Something that is served.
pub struct Entry {
    /// 16 hexadecimal digits; of a query badge `q/` and its name.
    pub id: String,
    pub what: What,
    pub look: Look,
    pub face: Face,
    /// What lets those see it who know it.
    pub token: String,
    /// As it is drawn when an address wishes for nothing.
    pub picture: Arc<Picture>,
    /// Tells it from what it was before.
    pub version: u64,
    /// When what it shows may have changed last, nanoseconds since 1970.
    pub changed: i64,
    /// The same as headers have it.
    pub last_modified: Option<HeaderValue>,
}

/// What an entry is made of.
pub enum What {
    Badge(Arc<Document>),
    Strip { document: Arc<StripDocument>, members: Vec<Arc<Entry>> },
    Query(Arc<QueryBadge>),
}

impl Entry {
    /// The release badge's document.
    pub fn document(&self) -> Option<&Arc<Document>> {
        match &self.what {
            What::Badge(document) => Some(document),
            What::Strip { .. } | What::Query(_) => None,
        }
    }
}

/// How well an address fits; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Alias,
    /// By names it has now.
    Current,
    /// Ids among the names.
    Ids,
    /// By names it had.
    Former,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    rank: Rank,
    sort: Option<Sort>,
    id: String,
}

/// Everything that is served.
pub struct Index {
    pub entries: BTreeMap<String, Arc<Entry>>,
    /// Documents of strips, also of those that have no badge at present.
    strip_documents: BTreeMap<String, Arc<StripDocument>>,
    /// Strip's id → ids of its badges.
    members: BTreeMap<String, BTreeSet<String>>,
    paths: HashMap<String, Vec<Claim>>,
    tokens: HashMap<String, String>,
    /// Organisation in lower case → further names of it: those of sources of the settings.
    sources: Vec<(String, String)>,
    defaults: Choice,
    secret: Secret,
    version: u64,
}

impl Index {
    pub fn new(defaults: Choice, sources: Vec<(String, String)>, secret: Secret) -> Index {
        Index {
            entries: BTreeMap::new(),
            strip_documents: BTreeMap::new(),
            members: BTreeMap::new(),
            paths: HashMap::new(),
            tokens: HashMap::new(),
            sources,
            defaults,
            secret,
            version: 0,
        }
    }

    /// How many release badges there are.
    pub fn badges(&self) -> usize {
        self.members.values().map(BTreeSet::len).sum()
    }

    /// What an address below `/badges/` means, by its decoded parts, and how well it fits.
    pub fn find(&self, parts: &[String]) -> Option<(Arc<Entry>, Rank)> {
        let (id, rank) = match parts {
            [first, token] if first == "t" => (self.tokens.get(token)?.clone(), Rank::Alias),
            [first, name] if first == "q" => (format!("q/{name}"), Rank::Alias),
            parts => {
                let best = self.paths.get(&path_of(parts))?.first()?;
                (best.id.clone(), best.rank)
            }
        };
        Some((Arc::clone(self.entries.get(&id)?), rank))
    }

    /// The entry whose alias this is.
    pub fn by_alias(&self, alias: &str) -> Option<&str> {
        let parts: Vec<String> = alias.split('/').map(str::to_owned).collect();
        let claims = self.paths.get(&path_of(&parts))?;
        claims.iter().find(|claim| claim.rank == Rank::Alias).map(|claim| claim.id.as_str())
    }

    /// Puts a badge in the place of what it was. Its strip is to be made again afterwards, once
    /// for all its badges.
    pub fn put_badge(&mut self, id: &str, document: Arc<Document>) {
        let strip = StripKey::of(&document.key).id();
        self.members.entry(strip).or_default().insert(id.to_owned());
        let look = document.choice.over(&self.defaults);
        let face = badge_face(&document, &look);
        let (generation, changed) = (document.generation, document.changed);
        self.put(id, What::Badge(document), look, face, generation, changed);
    }

    /// Puts a query badge in the place of what it was.
    pub fn put_query(&mut self, query: Arc<QueryBadge>) {
        let look = query.document.choice.over(&self.defaults);
        let face = query.face(face_of(&look));
        let id = format!("q/{}", query.document.name);
        let (generation, changed) = (query.document.generation, query.value.changed);
        self.put(&id, What::Query(query), look, face, generation, changed);
    }

    /// Takes the document of a strip; the strip is to be made again.
    pub fn put_strip_document(&mut self, id: &str, document: Option<Arc<StripDocument>>) {
        match document {
            Some(document) => drop(self.strip_documents.insert(id.to_owned(), document)),
            None => drop(self.strip_documents.remove(id)),
        }
    }

    /// Makes a strip of its badges again; without any it is gone.
    pub fn make_strip(&mut self, id: &str) {
        let ids = self.members.get(id).into_iter().flatten();
        let mut members: Vec<Arc<Entry>> =
            ids.filter_map(|id| self.entries.get(id).cloned()).collect();
        members.sort_by_key(|member| place(member));
        let Some(key) = members.first().and_then(|first| first.document()).map(|d| &d.key) else {
            return self.remove(id);
        };
        let new =
            || StripDocument { key: StripKey::of(key), choice: Choice::default(), generation: 0 };
        let document = self.strip_documents.get(id).cloned().unwrap_or_else(|| Arc::new(new()));
        let look = document.choice.over(&self.defaults);
        let face = strip_face(&members, &look);
        let changed = members.iter().map(|member| member.changed).max().unwrap_or_default();
        let generation = document.generation;
        self.put(id, What::Strip { document, members }, look, face, generation, changed);
    }

    /// What an entry would show with another choice, and the fields that templates of it know.
    pub fn faced(&self, entry: &Entry, choice: &Choice) -> (Face, Vec<(&'static str, String)>) {
        let look = choice.over(&self.defaults);
        match &entry.what {
            What::Badge(document) => {
                let fields = release_badge::fields(&document.state, &look.policy);
                (badge_face(document, &look), fields)
            }
            What::Strip { members, .. } => (strip_face(members, &look), Vec::new()),
            What::Query(query) => (query.face(face_of(&look)), Vec::new()),
        }
    }

    fn put(&mut self, id: &str, what: What, look: Look, face: Face, generation: u32, changed: i64) {
        let old = self.entries.get(id).cloned();
        // A drawing that is the same is not made again.
        let same = old.as_ref().filter(|old| old.face == face);
        let (picture, version) = match same {
            Some(old) => (Arc::clone(&old.picture), old.version),
            None => {
                self.version += 1;
                // Only pictures of pixels can be too large.
                let drawn = draw(&face, &Variant::default()).unwrap_or_else(|_| Picture::empty());
                (Arc::new(drawn), self.version)
            }
        };
        if let Some(old) = old {
            self.forget(&old);
        }
        let token = self.secret.token(id, generation);
        let id = id.to_owned();
        let last_modified = http_date(changed);
        let entry = Entry { id, what, look, face, token, picture, version, changed, last_modified };
        for (path, rank) in self.claims(&entry) {
            let sort = entry.document().map(|document| document.key.sort);
            let claims = self.paths.entry(path).or_default();
            claims.push(Claim { rank, sort, id: entry.id.clone() });
            claims.sort_unstable();
        }
        self.tokens.insert(entry.token.clone(), entry.id.clone());
        self.entries.insert(entry.id.clone(), Arc::new(entry));
    }

    /// Takes an entry away.
    pub fn remove(&mut self, id: &str) {
        let Some(old) = self.entries.remove(id) else { return };
        self.forget(&old);
        if let Some(document) = old.document() {
            let strip = StripKey::of(&document.key).id();
            let left = self.members.get_mut(&strip).map(|ids| {
                ids.remove(id);
                ids.len()
            });
            if left == Some(0) {
                self.members.remove(&strip);
            }
        }
    }

    fn forget(&mut self, old: &Entry) {
        for (path, _) in self.claims(old) {
            let Some(claims) = self.paths.get_mut(&path) else { continue };
            claims.retain(|claim| claim.id != old.id);
            if claims.is_empty() {
                self.paths.remove(&path);
            }
        }
        self.tokens.remove(&old.token);
    }

    /// The addresses an entry answers to.
    fn claims(&self, entry: &Entry) -> BTreeMap<String, Rank> {
        let mut out = BTreeMap::new();
        let mut claim = |parts: &[&str], rank: Rank| {
            let known = out.entry(path_of(parts)).or_insert(rank);
            *known = rank.min(*known);
        };
        let choice = match &entry.what {
            What::Badge(document) => {
                for (at, names) in document.names.iter().enumerate() {
                    self.claim_badge(document, names, at > 0, &mut claim);
                }
                &document.choice
            }
            What::Strip { document, members } => {
                for member in members.iter().filter_map(|member| member.document()) {
                    for (at, names) in member.names.iter().enumerate() {
                        self.claim_strip(member, names, at > 0, &mut claim);
                    }
                }
                &document.choice
            }
            What::Query(query) => &query.document.choice,
        };
        if let Some(alias) = &choice.alias {
            let parts: Vec<&str> = alias.split('/').collect();
            claim(&parts, Rank::Alias);
        }
        out
    }

    fn claim_badge(
        &self,
        document: &Document,
        names: &Names,
        is_former: bool,
        claim: &mut impl FnMut(&[&str], Rank),
    ) {
        let id = document.key.environment_id.as_str();
        let environments = [(names.environment.as_str(), true), (id, false)];
        self.claim_strip(document, names, is_former, &mut |parts, rank| {
            for (environment, is_name) in environments {
                let rank = if is_name { rank } else { rank.max(Rank::Ids) };
                claim(&[parts, &[environment]].concat(), rank);
            }
        });
        let seed = |definition: &str| format!("{definition}-{}", names.environment);
        let project = document.key.project_id.as_str();
        let rank = |rank: Rank| if is_former { Rank::Former } else { rank };
        claim(&[project, &seed(&names.definition)], rank(Rank::Current));
        claim(&[project, &seed(&document.key.definition_id.to_string())], rank(Rank::Ids));
    }

    fn claim_strip(
        &self,
        document: &Document,
        names: &Names,
        is_former: bool,
        claim: &mut impl FnMut(&[&str], Rank),
    ) {
        let definition = document.key.definition_id.to_string();
        let organization = part(&names.organization);
        let further = self.sources.iter().filter(|(known, _)| *known == names.organization);
        let sources = further.map(|(_, name)| name.as_str()).chain([organization]);
        for source in sources {
            for (project, has_name) in
                [(names.project.as_str(), true), (&document.key.project_id, false)]
            {
                if project.is_empty() {
                    continue;
                }
                for (definition, is_name) in
                    [(names.definition.as_str(), true), (&definition, false)]
                {
                    // A project whose name nobody said is called by its id.
                    let is_current = is_name && (has_name || names.project.is_empty());
                    let rank = match (is_former, is_current) {
                        (true, _) => Rank::Former,
                        (false, true) => Rank::Current,
                        (false, false) => Rank::Ids,
                    };
                    claim(&[source, project, definition], rank);
                }
            }
        }
    }
}

fn http_date(nanos: i64) -> Option<HeaderValue> {
    let time = chrono::DateTime::from_timestamp_nanos(nanos);
    HeaderValue::from_str(&time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

fn face_of(look: &Look) -> Face {
    Face {
        style: look.style,
        palette: look.palette,
        label_color: look.label_color.clone(),
        logo: look.logo.clone(),
        cache_seconds: look.cache_seconds,
        ..Face::default()
    }
}

fn badge_face(document: &Document, look: &Look) -> Face {
    let label = document.current().definition;
    let shown = release_badge::shown(&document.state, &look.policy, &label);
    Face {
        label: shown.label,
        message: shown.message,
        color: shown.color.to_owned(),
        link: shown.link,
        ..face_of(look)
    }
}

/// A strip of its badges, less those that are more private than itself.
fn strip_face(members: &[Arc<Entry>], look: &Look) -> Face {
    let openness = |visibility: Visibility| visibility as u8;
    let is_shown = |m: &&Arc<Entry>| openness(m.look.visibility) <= openness(look.visibility);
    let shown: Vec<&Arc<Entry>> = members.iter().filter(is_shown).collect();
    let newest = shown.iter().filter_map(|m| m.document()).map(|d| d.current());
    let label = newest.max_by_key(|names| names.at).unwrap_or_default().definition;
    let segment = |m: &&Arc<Entry>| {
        let environment = m.document()?.current().environment;
        Some((format!("{environment} {}", m.face.message), m.face.color.clone()))
    };
    let segments: Vec<(String, String)> = shown.iter().filter_map(segment).collect();
    let texts: Vec<&str> = segments.iter().map(|(text, _)| text.as_str()).collect();
    let worst = shown.iter().map(|m| m.face.color.as_str()).max_by_key(|color| concern(color));
    Face {
        label,
        message: if texts.is_empty() { "none".to_owned() } else { texts.join(" | ") },
        color: worst.unwrap_or("lightgrey").to_owned(),
        segments,
        ..face_of(look)
    }
}

/// Where a badge stands in its strip: environments in the order their definition numbers them.
fn place(entry: &Entry) -> (i64, String) {
    let id = entry.document().map(|document| document.key.environment_id.clone());
    let id = id.unwrap_or_default();
    (id.parse().unwrap_or(i64::MAX), id)
}

/// How much a colour is to worry.
fn concern(color: &str) -> usize {
    let order = ["brightgreen", "blue", "lightgrey", "yellow", "orange", "red"];
    order.iter().position(|known| *known == color).unwrap_or_default()
}

/// A name as a part of an address; what has none is a dash.
fn part(name: &str) -> &str {
    if name.is_empty() { "-" } else { name }
}

/// An address as it is looked up: in lower case, each part encoded.
fn path_of(parts: &[impl AsRef<str>]) -> String {
    let encoded = parts.iter().map(|text| encode(&part(text.as_ref()).to_lowercase()));
    encoded.collect::<Vec<_>>().join("/")
}

/// The readable address of a badge below `/badges/`, without the ending.
pub fn readable(document: &Document) -> String {
    let names = document.current();
    let project = if names.project.is_empty() { &document.key.project_id } else { &names.project };
    let parts = [&names.organization, project, &names.definition, &names.environment];
    parts.map(|name| encode(part(name))).join("/")
}

/// The readable address of the strip of a badge's definition.
pub fn readable_strip(document: &Document) -> String {
    let path = readable(document);
    path.rsplit_once('/').map_or(path.clone(), |(strip, _)| strip.to_owned())
}

/// The address in the older generator's layout, by ids.
pub fn seed(document: &Document) -> String {
    let names = document.current();
    let file = format!("{}-{}", document.key.definition_id, names.environment);
    format!("{}/{}", encode(part(&document.key.project_id)), encode(&file))
}
