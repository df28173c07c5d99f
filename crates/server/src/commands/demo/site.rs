//! Telemetry of a web site and its service: page views, requests, availability. The index of
//! packages that tasks publish to, and the pages that show the tasks' reports.

use model::time::HOUR;

use super::calendar::{MINUTE, SECOND, busy};
use super::dice::Dice;
use super::envelope::{Item, Mail, Place, Sender};
use super::organization::plan::is_outage;
use super::trouble;

/// Visits in a working hour.
const PER_HOUR: f64 = 10.0;
const PAGES: [(&str, &str); 5] = [
    ("Overview", "/"),
    ("Packages", "/packages"),
    ("Package", "/packages/item"),
    ("Search", "/search"),
    ("Settings", "/settings"),
];
const PLACES: [(&str, &str); 6] = [
    ("Germany", "Hamburg"),
    ("United States", "Portland"),
    ("India", "Pune"),
    ("Canada", "Halifax"),
    ("Japan", "Sapporo"),
    ("Poland", "Gdynia"),
];
const BROWSERS: [&str; 3] = ["Windows 11", "Mac OS X 15", "Linux"];
const LOCATIONS: [&str; 3] = ["North Europe", "East US", "Southeast Asia"];

/// A site that sends telemetry.
pub struct Site<'a> {
    pub dice: Dice,
    pub end: i64,
    /// What its server is, and how much is visited: 1 = as usual.
    pub server: &'a Sender,
    pub visits: f64,
    pub address: &'static str,
}

impl Site<'_> {
    /// What happens within an hour.
    pub fn hour(&self, hour: i64, mail: &mut Mail) {
        let dice = self.dice.at("hour", hour);
        for number in 0..dice.count(PER_HOUR * self.visits * busy(hour)) {
            let draw = dice.of("visit", number);
            let at = hour + draw.of("at", 0).between(0, HOUR);
            self.visit(draw, at, mail);
        }
        self.probe(dice.of("probe", 0), hour, mail);
        self.measure(dice.of("measure", 0), hour, mail);
    }

    /// Somebody looks at some pages.
    fn visit(&self, dice: Dice, mut at: i64, mail: &mut Mail) {
        let user = dice.of("user", 0).below(70);
        let (country, city) = self.dice.of("user", user).pick(&PLACES);
        let browser = Sender {
            role: format!("{}-web", self.server.role),
            instance: String::new(),
            os: (*self.dice.of("browser", user).pick(&BROWSERS)).to_owned(),
            device: "Browser".to_owned(),
            sdk: "javascript:3.3.4".to_owned(),
            user: self.dice.of("user id", user).hex(12),
            session: dice.of("session", 0).hex(16),
            country: (*country).to_owned(),
            city: (*city).to_owned(),
            ..self.server.clone()
        };
        for number in 0..=dice.of("pages", 0).below(4) {
            let draw = dice.of("page", number);
            if at < self.end {
                self.view(draw, at, &browser, mail);
            }
            at += (draw.of("reads", 0).skewed(40.0) * SECOND as f64) as i64;
        }
    }

    fn view(&self, dice: Dice, at: i64, browser: &Sender, mail: &mut Mail) {
        let (name, path) = dice.of("which", 0).pick(&PAGES);
        let slow = if is_outage(self.end, at) { 6.0 } else { 1.0 };
        let ms = dice.of("ms", 0).skewed(130.0 * slow);
        let fails = dice.of("fails", 0).chance(if is_outage(self.end, at) { 0.3 } else { 0.015 });
        let (id, url) = (dice.of("view", 0).hex(16), format!("https://{}{path}", self.address));
        let place = Place {
            operation: dice.of("operation", 0).hex(32),
            name: (*path).to_owned(),
            parent: String::new(),
        };
        let whole = ms * 2.4 + 210.0;
        mail.send(browser, &place, Item::page_view(at, &id, name, &url, whole));
        if dice.of("timed", 0).chance(0.4) {
            mail.send(browser, &place, timing(at, name, &url, whole));
        }
        let below = place.below(&id);
        let call = dice.of("call", 0).hex(16);
        let code = if fails { "500" } else { "200" };
        let what = format!("GET /api{path}");
        let target = ["Fetch", self.address, &what];
        mail.send(
            browser,
            &below,
            Item::dependency(at + SECOND / 5, &call, target, ms + 40.0, code, !fails),
        );
        self.serve(dice, at + SECOND / 5, ms, &what, &below.below(&call), fails, mail);
        if dice.of("clicked", 0).chance(0.2) {
            let event = Item::event(at + 4 * SECOND, "Package Copied").with("page", *name);
            mail.send(browser, &place, event);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one request is all of these")]
    fn serve(
        &self,
        dice: Dice,
        at: i64,
        ms: f64,
        name: &str,
        place: &Place,
        fails: bool,
        mail: &mut Mail,
    ) {
        let (sender, id) = (self.server, dice.of("served", 0).hex(16));
        let place = Place { name: name.to_owned(), ..place.clone() };
        let code = if fails { "500" } else { "200" };
        let request = Item::request(at, &id, name, ms, code, !fails)
            .field(
                "url",
                format!("https://{}{}", self.address, name.trim_start_matches("GET ")).into(),
            )
            .measured("rows", dice.of("rows", 0).skewed(24.0).round());
        mail.send(sender, &place, request);
        let below = place.below(&id);
        let call = dice.of("query", 0).hex(16);
        let query = ["SQL", "db.example.invalid | packages", "SELECT packages"];
        let query = Item::dependency(
            at + SECOND / 200,
            &call,
            query,
            ms * 0.7,
            if fails { "-2" } else { "0" },
            !fails,
        );
        mail.send(sender, &below, query);
        if fails {
            let at = at + (ms * 1e6) as i64;
            mail.send(sender, &below, trouble::dotnet(dice, at, 3));
            mail.send(sender, &below, Item::trace(at, "The request could not be answered", 3));
        } else if dice.of("traced", 0).chance(0.3) {
            mail.send(sender, &below, Item::trace(at, "Rows came from the cache", 0));
        }
    }

    /// Tests of availability, twice an hour from three places.
    fn probe(&self, dice: Dice, hour: i64, mail: &mut Mail) {
        for number in 0..2_i64 {
            for location in LOCATIONS {
                let draw = dice.at(location, number);
                let at = hour + number * 30 * MINUTE + draw.of("at", 0).between(0, 40 * SECOND);
                if at >= self.end {
                    continue;
                }
                let fails =
                    draw.of("fails", 0).chance(if is_outage(self.end, at) { 0.5 } else { 0.004 });
                let ms = draw.of("ms", 0).skewed(if fails { 9_000.0 } else { 240.0 });
                let place =
                    Place { operation: draw.of("operation", 0).hex(32), ..Place::default() };
                let sender = Sender { role: String::new(), ..self.server.clone() };
                let what = ["front page", location];
                mail.send(&sender, &place, Item::availability(at, &draw.hex(16), what, ms, !fails));
            }
        }
    }

    /// Metrics and counters, twice an hour.
    fn measure(&self, dice: Dice, hour: i64, mail: &mut Mail) {
        for number in 0..2_i64 {
            let draw = dice.at("half", number);
            let at = hour + number * 30 * MINUTE + MINUTE;
            if at >= self.end {
                continue;
            }
            let count = 20 + draw.of("count", 0).below(400);
            let each =
                draw.of("each", 0).skewed(if is_outage(self.end, at) { 420.0 } else { 95.0 });
            let items = [
                Item::aggregate(
                    at,
                    "Query time",
                    each * count as f64,
                    count,
                    each * 0.1,
                    each * 7.0,
                ),
                Item::metric(at, "Packages stored", (41_000 + at / HOUR % 9_000) as f64),
                Item::metric(
                    at,
                    r"\Processor(_Total)\% Processor Time",
                    6.0 + 60.0 * busy(at) * draw.unit(),
                ),
                Item::metric(at, r"\Memory\Available Bytes", (3e9 + 2e9 * draw.unit()).round()),
            ];
            for item in items {
                mail.send(self.server, &Place::default(), item);
            }
        }
    }
}

fn timing(at: i64, name: &str, url: &str, ms: f64) -> Item {
    let part = |share: f64| model::time::format_timespan((ms * share * 1e4) as i64 * 100);
    Item::new(
        at,
        "PageViewPerfData",
        serde_json::json!({ "name": name, "url": url, "perfTotal": part(1.0),
            "networkConnect": part(0.1), "sentRequest": part(0.2), "receivedResponse": part(0.3),
            "domProcessing": part(0.4) }),
    )
}
