//! What one execution of a task sends: its request, what it calls, what it says, how it ends.

use super::calendar::SECOND;
use super::dice::Dice;
use super::envelope::{Item, Mail, Place, Sender};
use super::tasks::Execution;
use super::trouble;

const FEED: &str = "feeds.example.invalid";
const SERVICE: &str = "index.example.invalid";
const SIGNER: &str = "signing.example.invalid";
const CLOUD: &str = "cloud.example.invalid";
/// Of calls to fetch packages new versions keep so many per cent.
const SAMPLED: f64 = 25.0;
const FEATURES: [&str; 6] =
    ["cache", "lock file", "parallel upload", "symbol upload", "dry run", "retry policy"];

/// Sends all of an execution.
pub fn send(execution: &Execution, mail: &mut Mail) {
    let dice = execution.dice;
    let id = dice.of("request", 0).hex(16);
    let code = if execution.is_good { "0" } else { "1" };
    let name = execution.task.name;
    let request = Item::request(execution.at, &id, name, execution.ms, code, execution.is_good)
        .measured("queueMs", dice.of("queue", 0).skewed(900.0))
        .measured("packages", dice.of("packages", 0).skewed(38.0).round());
    mail.send(&execution.sender, &execution.place, request);
    let mut steps =
        Steps { execution, mail, place: execution.place.below(&id), at: execution.at, number: 0 };
    steps.say_start();
    match name {
        "restore" => steps.restore(),
        "publish" => steps.publish(),
        "sign" => steps.sign(),
        "deploy" => steps.deploy(),
        _ => steps.call(["HTTP", FEED, "GET /licences"], 180.0, "200", true),
    }
    steps.end();
}

struct Steps<'a> {
    execution: &'a Execution,
    mail: &'a mut Mail,
    place: Place,
    /// The time of the next thing.
    at: i64,
    number: u64,
}

impl Steps<'_> {
    fn draw(&mut self) -> Dice {
        self.number += 1;
        self.execution.dice.of("step", self.number)
    }

    fn send(&mut self, item: Item) {
        self.mail.send(&self.execution.sender, &self.place, item);
    }

    /// Calls something; gives the id of the call.
    fn call_id(&mut self, what: [&str; 3], ms: f64, code: &str, is_good: bool) -> String {
        let draw = self.draw();
        let id = draw.of("id", 0).hex(16);
        let ms = draw.of("ms", 0).skewed(ms);
        let item = Item::dependency(self.at, &id, what, ms, code, is_good);
        self.send(item);
        self.at += (ms * 1e6) as i64 + SECOND / 50;
        id
    }

    fn call(&mut self, what: [&str; 3], ms: f64, code: &str, is_good: bool) {
        self.call_id(what, ms, code, is_good);
    }

    fn say(&mut self, severity: u8, text: &str) {
        let item = Item::trace(self.at, text, severity);
        self.send(item);
        self.at += SECOND / 100;
    }

    fn say_start(&mut self) {
        let Execution { task, os, sender, .. } = self.execution;
        let text = format!("{} {} starts on {}", task.name, sender.version, os.agent());
        self.say(1, &text);
        if self.draw().chance(0.4) {
            self.say(0, "Settings read from 3 places; 11 of 14 have their default");
        }
        let draw = self.draw();
        if draw.chance(0.55) {
            let feature = draw.of("which", 0).pick(&FEATURES);
            let item = Item::event(self.at, "Feature Used").with("feature", *feature);
            self.send(item);
        }
    }

    /// Whether the feed answers badly now.
    fn is_bad(&mut self) -> bool {
        let share = if self.execution.is_outage { 0.5 } else { 0.012 };
        self.draw().chance(share)
    }

    fn index(&mut self) {
        for _ in 0..3 {
            let (code, ms) = if self.is_bad() { ("503", 4_200.0) } else { ("200", 140.0) };
            let is_good = code == "200";
            self.call(["HTTP", FEED, "GET /v3/index.json"], ms, code, is_good);
            if is_good {
                return;
            }
            self.say(2, "The feed answered 503; trying again");
        }
    }

    fn restore(&mut self) {
        self.index();
        let wanted = 2 + self.draw().below(4);
        let is_sampled = self.execution.sender.version == "3.2.14";
        for number in 0..wanted {
            let draw = self.draw();
            let id = draw.of("id", 0).hex(16);
            let ms = draw.of("ms", 0).skewed(95.0);
            let name = format!("GET /v3/packages/{}", draw.of("package", 0).below(40));
            let item = Item::dependency(self.at, &id, ["HTTP", FEED, &name], ms, "200", true);
            // What is sampled stands for others of its kind.
            match is_sampled && number % 4 != 0 {
                true => {}
                false if is_sampled => self.send(item.sampled(SAMPLED)),
                false => self.send(item),
            }
            self.at += (ms * 1e6) as i64;
        }
        let hits = self.draw().unit() * 100.0;
        let item = Item::metric(self.at, "Cache hits", hits.round());
        self.send(item);
    }

    /// A call that reaches a service whose telemetry is here as well, down to its database.
    fn publish(&mut self) {
        self.index();
        let is_good = self.execution.is_good;
        let code = if is_good { "201" } else { "409" };
        for _ in 0..=self.draw().below(2) {
            let began = self.at;
            let id = self.call_id(["HTTP", SERVICE, "PUT /packages"], 620.0, code, is_good);
            let span = (self.at - began - SECOND / 50) as f64 / 1e6;
            let dice = self.draw();
            let place = Place { name: "PUT /packages".to_owned(), ..self.place.below(&id) };
            let at = began + (span * 0.1 * 1e6) as i64;
            let service = &self.execution.service;
            received(dice, (at, span * 0.8), service, &place, is_good, self.mail);
        }
        let bytes = self.draw().skewed(2.4e6).round();
        let item =
            Item::aggregate(self.at, "Bytes uploaded", bytes * 3.0, 3, bytes * 0.6, bytes * 1.7);
        self.send(item);
    }

    fn sign(&mut self) {
        let is_good = self.execution.is_good;
        self.call(["HTTP", SIGNER, "POST /requests"], 310.0, "202", true);
        for _ in 0..2 + self.draw().below(3) {
            self.call(["HTTP", SIGNER, "GET /requests/state"], 80.0, "200", true);
            self.at += 2 * SECOND;
        }
        let code = if is_good { "0" } else { "3" };
        self.call(["Process", "stamp-tool", "stamp --all"], 2_600.0, code, is_good);
    }

    fn deploy(&mut self) {
        let is_good = self.execution.is_good;
        self.call(["HTTP", CLOUD, "PUT /sites/preview"], 1_500.0, "200", true);
        // A few deployments upload file by file.
        let is_large = self.draw().chance(0.06);
        let files = if is_large { 260 + self.draw().below(140) } else { 1 + self.draw().below(3) };
        for number in 0..files {
            let name = format!("PUT /files/{number}");
            self.call(["HTTP", CLOUD, &name], 210.0, "201", true);
        }
        for try_number in 0..3 {
            let is_up = is_good && try_number == 2;
            let code = if is_up { "200" } else { "502" };
            self.call(["HTTP", CLOUD, "GET /health"], 60.0, code, is_up);
            self.at += SECOND;
        }
        let item = Item::metric(self.at, "Files deployed", files as f64);
        self.send(item);
    }

    fn end(&mut self) {
        let Execution { dice, task, at, ms, is_good, .. } = self.execution;
        self.at = self.at.max(at + (ms * 1e6) as i64 - SECOND / 5);
        if !is_good {
            let severity = if dice.of("critical", 0).chance(0.08) { 4 } else { 3 };
            let thrown = match task.is_node {
                true => trouble::node(*dice, self.at, severity),
                false => trouble::dotnet(*dice, self.at, severity),
            };
            self.send(thrown);
            self.say(severity, &format!("{} failed", task.name));
        } else if dice.of("warns", 0).chance(0.06) {
            self.say(2, "The lock file is older than the project file");
        }
        let result = if *is_good { "Succeeded" } else { "Failed" };
        let item = Item::event(self.at, "Task Execution").with("result", result);
        let item = item
            .measured("durationMs", *ms)
            .measured("retries", dice.of("retries", 0).below(3) as f64);
        self.send(item);
    }
}

/// A request as the service that gets it sends it, with what it does below. Times are when it came
/// in, in nanoseconds, and how long it took, in milliseconds.
pub fn received(
    dice: Dice,
    (at, ms): (i64, f64),
    sender: &Sender,
    place: &Place,
    is_good: bool,
    mail: &mut Mail,
) {
    let id = dice.of("received", 0).hex(16);
    let code = if is_good { "201" } else { "409" };
    mail.send(sender, place, Item::request(at, &id, &place.name, ms, code, is_good));
    let below = place.below(&id);
    let call = dice.of("blob", 0).hex(16);
    let blob = ["Blob", "blobs.example.invalid", "PUT /packages/content"];
    mail.send(sender, &below, Item::dependency(at, &call, blob, ms * 0.6, "201", true));
    let later = at + (ms * 0.65 * 1e6) as i64;
    let call = dice.of("row", 0).hex(16);
    let row = ["SQL", "db.example.invalid | packages", "INSERT packages"];
    let code = if is_good { "0" } else { "2627" };
    let insert = Item::dependency(later, &call, row, ms * 0.2, code, is_good);
    mail.send(
        sender,
        &below,
        insert.field("data", "insert into packages values (@p0, @p1)".into()),
    );
    let deepest = below.below(&call);
    let text = if is_good { "Package stored" } else { "Package is there already" };
    mail.send(sender, &deepest, Item::trace(later, text, if is_good { 1 } else { 2 }));
}
