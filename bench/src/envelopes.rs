//! Seeded envelopes as a build task's SDK would send them: about 1 KB of JSON each.
//!
//! 200 names, 20,000 urls per name, log-normal durations, random operation ids, nine properties of
//! which two are GUIDs (5,000 and 300 values), two measurements.

use std::fmt::Write;

use model::time::{Fraction, format_datetime};

/// A small seeded generator of numbers (splitmix64): the same seed gives the same data everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
    /// Between 0 and 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// About normal with mean 0 and deviation 1 (sum of twelve uniforms).
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

const OPERATING_SYSTEMS: [&str; 6] = [
    "Linux 6.1.0",
    "Linux 5.15.0",
    "Windows_NT 10.0.20348",
    "Windows_NT 10.0.17763",
    "Darwin 23.6.0",
    "Darwin 22.5.0",
];

/// The 1st…300th or 5,000th GUID of a kind.
fn guid(kind: u64, number: u64) -> String {
    let mut random = Random::new(kind << 32 | number);
    let (a, b) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

/// The operation id of request `number` of the data set: known, so that queries can look one up.
pub fn operation_id(seed: u64, number: u64) -> String {
    let mut random = Random::new(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
    format!("{:016x}{:016x}", random.next(), random.next())
}

/// Writes envelopes of one seed.
pub struct Envelopes {
    seed: u64,
    key: String,
    random: Random,
    projects: Vec<String>,
    collections: Vec<String>,
}

impl Envelopes {
    pub fn new(seed: u64, instrumentation_key: &str) -> Envelopes {
        Envelopes {
            seed,
            key: instrumentation_key.into(),
            random: Random::new(seed),
            projects: (0..5000).map(|n| guid(1, n)).collect(),
            collections: (0..300).map(|n| guid(2, n)).collect(),
        }
    }

    fn head(&mut self, out: &mut String, time: i64, kind: &str, number: u64) {
        let task = self.random.below(40);
        let tags = format!(
            "\"ai.cloud.role\":\"task-{task}\",\"ai.cloud.roleInstance\":\"agent-{:03}\",\
             \"ai.device.osVersion\":\"{}\",\"ai.user.id\":\"user-{:05}\",\
             \"ai.session.id\":\"session-{:06}\",\"ai.application.ver\":\"2.{}.{}\",\
             \"ai.internal.sdkVersion\":\"ulm_node:2.9.8\",\"ai.operation.name\":\"build task {task}\",\
             \"ai.operation.parentId\":\"|{}.\",\"ai.operation.id\":\"{}\"",
            self.random.below(150),
            OPERATING_SYSTEMS[self.random.below(6) as usize],
            self.random.below(10_000),
            self.random.below(100_000),
            self.random.below(5),
            self.random.below(10),
            self.random.below(100_000),
            operation_id(self.seed, number),
        );
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "{{\"ver\":1,\"name\":\"Microsoft.ApplicationInsights.{kind}\",\"time\":\"{}\",\
             \"iKey\":\"{}\",\"sampleRate\":100,\"tags\":{{{tags}}},\"data\":{{\"baseType\":\"{kind}Data\",\
             \"baseData\":{{\"ver\":2,",
            format_datetime(time, Fraction::Seven),
            self.key,
        );
    }

    fn tail(&mut self, out: &mut String, failed: bool) {
        let project = self.random.below(5000) as usize;
        let _ = writeln!(
            out,
            "\"properties\":{{\"collection\":\"{}\",\"projectId\":\"{}\",\"taskName\":\"Task{:02}\",\
             \"taskVersion\":\"2.{}.0\",\"agentOS\":\"{}\",\"buildReason\":\"{}\",\
             \"branch\":\"refs/heads/feature/{}\",\"attempt\":\"{}\",\"failed\":\"{failed}\"}},\
             \"measurements\":{{\"Completion Time\":{:.2},\"queueMs\":{}}}}}}}}}",
            self.collections[project % 300],
            self.projects[project],
            self.random.below(40),
            self.random.below(20),
            ["Linux", "Windows_NT", "Darwin"][self.random.below(3) as usize],
            ["manual", "individualCI", "pullRequest", "schedule"][self.random.below(4) as usize],
            self.random.below(500),
            1 + self.random.below(3),
            (self.random.normal() * 0.8 + 3.0).exp(),
            self.random.below(5000),
        );
    }

    /// Appends one request as a line. `number` names its operation.
    pub fn request(&mut self, out: &mut String, time: i64, number: u64) {
        self.head(out, time, "Request", number);
        let name = self.random.below(200);
        let duration_ms = (self.random.normal() * 1.2 + 5.0).exp();
        let success = self.random.below(100) >= 3;
        let nanos = (duration_ms * 1_000_000.0) as i64 / 100 * 100;
        let seconds = nanos / 1_000_000_000;
        let _ = write!(
            out,
            "\"id\":\"|{:016x}.\",\"name\":\"GET /api/resource{name:03}\",\
             \"url\":\"https://build.example.test/api/resource{name:03}/item{:05}\",\
             \"duration\":\"{:02}:{:02}:{:02}.{:07}\",\"responseCode\":\"{}\",\"success\":{success},",
            self.random.next(),
            self.random.below(20_000),
            seconds / 3600 % 24,
            seconds / 60 % 60,
            seconds % 60,
            nanos % 1_000_000_000 / 100,
            if success { "200" } else { "500" },
        );
        self.tail(out, !success);
    }

    /// Appends one exception of the operation of request `number`.
    pub fn exception(&mut self, out: &mut String, time: i64, number: u64) {
        self.head(out, time, "Exception", number);
        let kind = self.random.below(60);
        let _ = write!(
            out,
            "\"exceptions\":[{{\"id\":1,\"typeName\":\"Error{kind:02}\",\"message\":\"step {} failed\",\
             \"hasFullStack\":true,\"parsedStack\":[{{\"level\":0,\"method\":\"run{kind}\",\
             \"fileName\":\"task.js\",\"line\":{}}}]}}],\"severityLevel\":3,",
            self.random.below(1000),
            self.random.below(400),
        );
        self.tail(out, true);
    }
}
