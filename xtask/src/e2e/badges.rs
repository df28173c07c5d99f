//! The story of badges: what npm `badge-maker` draws, byte for byte, over random inputs.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::setup;
use super::stories::{Outcome, Story};
use crate::process::{capture, target};

/// Badges that must be drawn; some more inputs are refused.
const DRAWN_MIN: usize = 2000;
const INPUTS: usize = 2200;
const SEED: u64 = 0x5eed_0bad_9e00_0006;

pub fn all() -> Vec<Story> {
    vec![Story { name: "badge-maker 6.0.0: the same bytes", run: same_bytes }]
}

fn same_bytes(telltale: &Path) -> Result<Outcome> {
    let folder = setup::npm("badge-maker-6.0.0")?;
    let seeds = std::env::var("BADGE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    (0..seeds).try_for_each(|seed| seeded(telltale, &folder, SEED + seed))?;
    Ok(Outcome::Passed)
}

fn seeded(telltale: &Path, folder: &Path, seed: u64) -> Result<()> {
    let mut random = Random(seed);
    let inputs: Vec<Value> = (0..INPUTS).map(|_| badge(&mut random)).collect();
    let lines: String = inputs.iter().map(|input| format!("{input}\n")).collect();
    let file = target().join("e2e-badges.ndjson");
    std::fs::write(&file, lines).context("write the inputs")?;
    let output = capture(Command::new("node").arg(folder.join("draw.js")).arg(&file))?;
    let theirs = answers(&output.stdout)?;
    // It ends with a failure because some inputs are refused.
    let output = Command::new(telltale)
        .args(["badge", "render", "--compat", "--json"])
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .context("start telltale")?;
    let ours = answers(&output.stdout)?;
    compare(&inputs, &theirs, &ours)
}

fn answers(output: &[u8]) -> Result<Vec<Value>> {
    let text = std::str::from_utf8(output).context("the answers are no UTF-8")?;
    text.lines().map(|line| serde_json::from_str(line).context("an answer is no JSON")).collect()
}

fn compare(inputs: &[Value], theirs: &[Value], ours: &[Value]) -> Result<()> {
    if theirs.len() != inputs.len() || ours.len() != inputs.len() {
        bail!("{} inputs, {} and {} answers", inputs.len(), theirs.len(), ours.len());
    }
    let is_drawn = |answer: &Value| answer["svg"].is_string();
    let mut different = Vec::new();
    for ((input, theirs), ours) in inputs.iter().zip(theirs).zip(ours) {
        if is_drawn(theirs) != is_drawn(ours) || theirs["svg"] != ours["svg"] {
            different.push(format!("{input}\n  theirs {theirs}\n  ours   {ours}"));
        }
    }
    let drawn = theirs.iter().filter(|answer| is_drawn(answer)).count();
    println!("{drawn} badges drawn, {} refused, by both", theirs.len() - drawn);
    if drawn < DRAWN_MIN || drawn == inputs.len() {
        bail!("the inputs are not what they should be: {drawn} of {} are drawn", inputs.len());
    }
    if let Some(first) = different.first() {
        bail!("{} of {} badges differ, the first:\n{first}", different.len(), inputs.len());
    }
    Ok(())
}

const STYLES: [&str; 5] = ["flat", "flat-square", "plastic", "for-the-badge", "social"];
const COLORS: [&str; 40] = [
    "brightgreen",
    "green",
    "yellow",
    "yellowgreen",
    "orange",
    "red",
    "blue",
    "grey",
    "lightgrey",
    "gray",
    "lightgray",
    "success",
    "important",
    "critical",
    "informational",
    "inactive",
    "Red",
    " red",
    "papayawhip",
    "PapayaWhip",
    "rebeccapurple",
    "transparent",
    "currentColor",
    "9cf",
    "#9CF",
    "007FFF",
    "#ffff",
    "#b0b0b0",
    "#b1b1b1",
    "#b2b2b2b2",
    "ffff",
    "rgb(10, 20, 30)",
    "rgba(250,251,252,.5)",
    "rgb(1 2 3 / 50%)",
    "hsl(1turn,50%,50%)",
    "hsl(50,100%,90%)",
    "rgb(100%,90%,80%)",
    "rgb(1,2,3",
    "",
    "nonsense",
];
const CHARACTERS: &str = "éßŉıİſǆﬁ\u{301}\u{200d}\u{feff}\u{a0}\u{85}\u{2028}\u{202e}構建成功빌드नि\
                          بניΣς‰…—“”€№→✅🚀👩💻🎉\u{fe0f}\u{1f1e9}\u{1f1ea}𝒳𐐨\u{e000}\u{ffff}";

/// An input; one in twenty has something wrong with it.
fn badge(random: &mut Random) -> Value {
    let mut badge = Map::new();
    badge.insert("message".into(), json!(text(random)));
    if random.below(8) > 0 {
        badge.insert("label".into(), json!(text(random)));
    }
    if random.below(8) > 0 {
        badge.insert("style".into(), json!(random.of(&STYLES)));
    }
    if random.below(4) > 0 {
        badge.insert("color".into(), json!(color(random)));
    }
    if random.below(3) == 0 {
        badge.insert("labelColor".into(), json!(color(random)));
    }
    if random.below(4) == 0 {
        let logo = ["data:image/png;base64,iVBORw0KGgo=", "data:x,<&\"'>", ""];
        badge.insert("logoBase64".into(), json!(random.of(&logo)));
    }
    if random.below(3) == 0 {
        let links = ["", "https://a.invalid/?b=c&d='e'", "javascript:alert(1)", "/é<>\""];
        let count = random.below(3);
        let links: Vec<&str> = (0..count).map(|_| random.of(&links)).collect();
        badge.insert("links".into(), json!(links));
    }
    if random.below(4) == 0 {
        badge.insert("idSuffix".into(), json!(random.of(&["", "-a1", "Z_9-"])));
    }
    if random.below(20) == 0 {
        spoil(random, &mut badge);
    }
    Value::Object(badge)
}

fn spoil(random: &mut Random, badge: &mut Map<String, Value>) {
    match random.below(7) {
        0 => badge.remove("message"),
        1 => badge.insert("message".into(), json!(1)),
        2 => badge.insert("style".into(), json!("popout")),
        3 => badge.insert("idSuffix".into(), json!("a b")),
        4 => badge.insert("logo".into(), json!("x")),
        5 => badge.insert("links".into(), json!(["a", "b", "c"])),
        _ => badge.insert("label".into(), Value::Null),
    };
}

fn color(random: &mut Random) -> String {
    match random.below(6) {
        0 => format!("#{:06x}", random.below(0x100_0000)),
        1 => {
            let [r, g, b] = [300, 300, 300].map(|bound| random.below(bound));
            format!("rgb({r},{g},{b})")
        }
        2 => {
            let unit = random.of(&["", "deg", "grad", "rad", "turn"]);
            let [h, s, l] = [720, 120, 120].map(|bound| random.below(bound));
            format!("hsl({h}{unit},{s}%,{l}%)")
        }
        _ => random.of(&COLORS).to_owned(),
    }
}

fn text(random: &mut Random) -> String {
    let length = match random.below(24) {
        0 => 0,
        1 => 200 + random.below(200),
        _ => random.below(24),
    };
    (0..length).map(|_| character(random)).collect()
}

/// Letters that Unicode gave an upper case after version 15 are left out: which of them a program
/// knows depends on its age.
fn character(random: &mut Random) -> char {
    let code = match random.below(12) {
        0 => random.below(0x20) as u32,
        1 => 0x7f,
        2 | 3 => {
            let characters = CHARACTERS.chars();
            let at = random.below(characters.clone().count() as u64) as usize;
            return characters.clone().nth(at).unwrap_or('m');
        }
        4 => 0x80 + random.below(0xff80) as u32,
        5 => 0x1f000 + random.below(0x2000) as u32,
        _ => 0x20 + random.below(0x5f) as u32,
    };
    let is_new = matches!(code, 0x19b | 0x264 | 0x1c80..=0x1c8f | 0xa7cb..=0xa7df);
    char::from_u32(code).filter(|_| !is_new).unwrap_or('m')
}

/// Small and repeatable (xorshift); the numbers need no other quality.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}
