//! What holds for every query: checked with generated ones, the same in every run.
//!
//! A predicate, its negation and its null split a table; a table summarized in parts and merged is
//! the table summarized at once; a pipeline of known operators is answered or refused, and printed
//! it is the same pipeline.

use query::Error;

use crate::answers::{self, Row};
use crate::world::{self, Place, World};
use crate::{Report, cases};

const PREDICATES: usize = 120;
const SPLITS: usize = 30;
const PIPELINES: usize = 220;

/// Numbers that look random and never change (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

pub async fn run(report: &mut Report) {
    let tables = ["requests".to_owned(), "traces".to_owned()];
    let world = world::world(&tables, Place::Both).await;
    let mut dice = Dice(1);
    let rows = literal_rows(&mut dice);
    for _ in 0..PREDICATES {
        let (source, predicate) = match dice.roll(3) {
            0 => ("requests", predicate(&mut dice, &of_requests)),
            _ => ("T", predicate(&mut dice, &of_rows)),
        };
        note(report, splits_in_three(&world, &rows, source, &predicate).await);
    }
    for _ in 0..SPLITS {
        note(report, merges(&world, &rows, &mut dice).await);
    }
    for _ in 0..PIPELINES {
        let text = format!("{rows}{}", pipeline(&mut dice));
        note(report, cases::reprint(&text).map(|why| format!("{why}\n    {text}")));
        note(report, is_answered_or_refused(&world, &text).await);
    }
}

fn note(report: &mut Report, failure: Option<String>) {
    match failure {
        None => report.passed += 1,
        Some(why) => report.failures.push(format!("properties: {why}")),
    }
}

/// `let T = datatable(…)[…];` with nulls, empty texts, NaN and repeated values in all columns.
fn literal_rows(dice: &mut Dice) -> String {
    let mut rows = Vec::new();
    for n in 0..37 {
        rows.push(format!(
            "{n}, {}, {}, {}, {}, {}, {}, {}, {}",
            dice.one(&["true", "false", "bool(null)"]),
            dice.one(&["int(1)", "int(-2)", "int(7)", "int(null)"]),
            dice.one(&["0", "5", "-5", "100", "9007199254740993", "long(null)"]),
            dice.one(&["0.0", "1.5", "-2.5", "100.0", "real(nan)", "real(+inf)", "real(null)"]),
            dice.one(&["''", "'a'", "'A'", "'a b'", "'b_a'", "'Ärger'"]),
            dice.one(&["datetime(2024-01-01)", "datetime(2024-06-01 12:30)", "datetime(null)"]),
            dice.one(&["1h", "-1d", "0s", "timespan(null)"]),
            dice.one(&[
                "dynamic(null)",
                "dynamic(1)",
                "dynamic('a')",
                "dynamic([1, 'a'])",
                "dynamic({'x': 1, 'y': 'a'})",
                "dynamic({'x': null})",
            ]),
        ));
    }
    let columns = "n:long, b:bool, i:int, l:long, r:real, s:string, t:datetime, p:timespan, \
                   d:dynamic";
    format!("let T = datatable({columns})[{}];\n", rows.join(", "))
}

type Simple = dyn Fn(&mut Dice) -> String;

/// A comparison over the columns of `T`.
fn of_rows(dice: &mut Dice) -> String {
    let number = |dice: &mut Dice| {
        dice.one(&["i", "l", "r", "l + i", "r * 2", "toint(d.x)", "5", "0.0", "n % 4", "strlen(s)"])
    };
    let text = |dice: &mut Dice| {
        dice.one(&[
            "s",
            "tostring(d)",
            "tostring(d.y)",
            "tolower(s)",
            "'a'",
            "''",
            "strcat(s, 'a')",
        ])
    };
    match dice.roll(9) {
        0 | 1 => {
            let op = dice.one(&["==", "!=", "<", "<=", ">", ">="]);
            format!("{} {op} {}", number(dice), number(dice))
        }
        2 | 3 => {
            let op = dice.one(&[
                "==",
                "!=",
                "=~",
                "!~",
                "has",
                "!has",
                "contains",
                "!contains",
                "startswith",
                "!endswith",
                "has_cs",
                "hasprefix",
                "!hassuffix",
            ]);
            format!("{} {op} {}", text(dice), dice.one(&["'a'", "'A'", "''", "s"]))
        }
        4 => format!("{} {} (5, 0, -2)", number(dice), dice.one(&["in", "!in"])),
        5 => format!("{} {} ('a', 'B', '')", text(dice), dice.one(&["in", "!in", "in~", "!in~"])),
        6 => format!("{} {} (-1 .. 6)", number(dice), dice.one(&["between", "!between"])),
        7 => dice
            .one(&[
                "b",
                "t > datetime(2024-03-01)",
                "t == datetime(2024-01-01)",
                "p != 1h",
                "t - 1h < datetime(2024-01-01)",
                "s has_any ('a', 'x')",
                "s matches regex '^a'",
                "d.x == 1",
                "d.y == 'a'",
                "d has 'a'",
            ])
            .to_owned(),
        _ => {
            let test = dice.one(&["isnull", "isnotnull", "isempty", "isnotempty"]);
            format!("{test}({})", dice.one(&["l", "s", "d", "t", "r", "d.x"]))
        }
    }
}

/// A comparison over the columns of `requests`, many of which reach the files.
fn of_requests(dice: &mut Dice) -> String {
    let simple = [
        "duration > 100",
        "duration <= 42.5",
        "name == 'GET /a'",
        "name != ''",
        "name has 'get'",
        "name contains '/b'",
        "success == 'True'",
        "success == false",
        "resultCode in ('200', '404')",
        "toint(resultCode) >= 400",
        "timestamp > datetime(2024-05-01 10:10)",
        "timestamp < datetime(2024-05-02)",
        "itemCount == 1",
        "customDimensions.taskName == 'build'",
        "customDimensions has 'linux'",
        "isempty(customDimensions.agent)",
        "customMeasurements.queue > 1",
        "operation_Id startswith 'op-1'",
        "cloud_RoleName != 'web'",
    ];
    dice.one(&simple).to_owned()
}

fn predicate(dice: &mut Dice, simple: &Simple) -> String {
    match dice.roll(6) {
        0 => format!("({}) and ({})", simple(dice), simple(dice)),
        1 => format!("({}) or ({})", simple(dice), simple(dice)),
        2 => format!("not({})", simple(dice)),
        3 => format!("iff({}, {}, {})", simple(dice), simple(dice), simple(dice)),
        _ => simple(dice),
    }
}

async fn lines(world: &World, text: &str) -> Result<Vec<Row>, String> {
    match world.engine.answer(world::request(text)).await {
        Ok(answer) => Ok(answers::answer(&answer)),
        Err(error) => Err(format!("{error}\n    {text}")),
    }
}

/// `where p`, `where not(p)` and `where isnull(p)` take each row once, as many as `countif` counts.
async fn splits_in_three(world: &World, rows: &str, source: &str, p: &str) -> Option<String> {
    let count = |what: &str| format!("toscalar({source} | where {what} | count)");
    let counted = |what: &str| format!("toscalar({source} | summarize countif({what}))");
    let (no, none) = (format!("not({p})"), format!("isnull({p})"));
    let cells = [p, &no, &none].map(|what| format!("{}, {}", count(what), counted(what)));
    let text = format!("{rows}print toscalar({source} | count), {}", cells.join(", "));
    let lines = match lines(world, &text).await {
        Ok(lines) => lines,
        Err(why) => return Some(why),
    };
    let numbers: Option<Vec<u64>> = lines.get(1)?.iter().map(|cell| cell.parse().ok()).collect();
    let Some([all, yes, yes2, no, no2, none, none2]) = numbers.as_deref() else {
        return Some(format!("`{p}` over {source}: {lines:?}"));
    };
    let holds = yes + no + none == *all && (yes, no, none) == (yes2, no2, none2);
    (!holds).then(|| format!("`{p}` over {source} does not split: {lines:?}"))
}

/// The whole summarized, and its parts summarized and merged.
async fn merges(world: &World, rows: &str, dice: &mut Dice) -> Option<String> {
    let number = dice.one(&["l", "i", "l * 2", "n", "r", "abs(l)"]);
    let value = dice.one(&["s", "l", "t", "tostring(d)", "b", "strlen(s)"]);
    let keys = dice.one(&["by s", "by b, i", "by m5 = n % 5", "", "by k = l > 0", "by t"]);
    let part = format!("{} % {} == 0", dice.one(&["n", "strlen(s)"]), 2 + dice.roll(3));
    let whole = format!(
        "T | summarize c = count(), y = countif(b), m = sum({number}), lo = min({number}), \
         hi = max({number}), v = dcount({value}), e = array_sort_asc(make_set({value})), \
         a = avg({number}) {keys}"
    );
    let inner = format!(
        "summarize c = count(), y = countif(b), m = sum({number}), lo = min({number}), \
         hi = max({number}), v = hll({value}), e = make_set({value}), \
         w = countif(isnotnull({number})) {keys}"
    );
    // Keys have their names already.
    let again = match keys {
        "by m5 = n % 5" => "by m5",
        "by k = l > 0" => "by k",
        other => other,
    };
    let merged = format!(
        "union (T | where {part} | {inner}), (T | where not({part}) | {inner}) \
         | summarize c = sum(c), y = sum(y), m = sum(m), lo = min(lo), hi = max(hi), \
         v = dcount_hll(hll_merge(v)), e = array_sort_asc(make_set(e)), w = sum(w) {again} \
         | extend a = m * 1.0 / w | project-away w"
    );
    let (whole, merged) = (format!("{rows}{whole}"), format!("{rows}{merged}"));
    let sides = (lines(world, &whole).await, lines(world, &merged).await);
    match sides {
        (Ok(mut a), Ok(mut b)) => {
            a[1..].sort();
            b[1..].sort();
            let same = a.len() == b.len()
                && a.iter()
                    .zip(&b)
                    .skip(1)
                    .all(|(a, b)| a.iter().zip(b).all(|(a, b)| crate::judge::same_cell(a, b)));
            (!same).then(|| format!("parts differ: {merged}\n  whole {a:?}\n  parts {b:?}"))
        }
        (Err(why), _) | (_, Err(why)) => Some(why),
    }
}

/// One to five operators after a table.
fn pipeline(dice: &mut Dice) -> String {
    let sources = ["T", "requests", "T", "traces | take 20", "print n = 1, l = 2, s = 'a'"];
    let mut text = dice.one(&sources).to_owned();
    for _ in 0..=dice.roll(5) {
        text.push_str("\n| ");
        text.push_str(&operator(dice));
    }
    text
}

/// Operators that fit most tables made of `T`.
const OPERATORS: &[&str] = &[
    "count",
    "take 5",
    "distinct s, b",
    "distinct *",
    "project-away b",
    "project-away d*, t",
    "project-keep n, l, s, r",
    "project-rename z = s",
    "project-reorder s, *",
    "getschema",
    "as U",
    "serialize n2 = row_number()",
    "sort by n asc | extend before = prev(l), after = next(s), sum = row_cumsum(l)",
    "order by s desc nulls first, n",
    "top 3 by l",
    "top 4 by r asc nulls last",
    "join kind=leftouter (T | project n, x = s) on n",
    "join (T | summarize c = count() by s) on s",
    "join kind=fullouter (T | where l > 0) on $left.n == $right.l",
    "join kind=leftanti (T | where b) on n",
    "lookup (T | project n, other = r) on n",
    "union (T | project n, s = l)",
    "union withsource=w T, requests",
    "where s in ((T | where b | project s))",
    "mv-expand d",
    "mv-expand x = d to typeof(string) limit 2",
    "mv-apply e = d on (take 1)",
    "parse s with a 'b' rest",
    "parse-where s with * '_' tail:string",
    "make-series sum(l) default = 0 on n from 0 to 40 step 10 by s",
    "make-series c = count() on t from datetime(2024-01-01) to datetime(2024-01-05) step 1d",
    "summarize by s, bin(l, 10)",
    "summarize arg_max(n, *) by b",
    "summarize arg_min(l, s, d), take_any(r), make_list(s), make_bag(d)",
    "summarize percentiles(l, 5, 50), stdev(r), make_set(d, 3), dcountif(s, b) by i",
    "summarize hll(s), tdigest(l), buildschema(d), covariance(l, r), binary_all_or(l) by s",
    "evaluate bag_unpack(d)",
    "evaluate pivot(s, count())",
    "evaluate narrow()",
    "search 'a'",
    "top-nested 2 of s by count()",
    "sample 3",
    "sample-distinct 2 of s",
    "partition by s (top 1 by n)",
    "fork (count) (take 1)",
    "reduce by s",
    "scan with (step a: true;)",
    "render timechart",
];

fn operator(dice: &mut Dice) -> String {
    match dice.roll(4) {
        0 => format!("where {}", predicate(dice, &of_rows)),
        1 => {
            let value = dice.one(&[
                "l / i",
                "r % 2",
                "tostring(d)",
                "t + p",
                "strcat(s, l)",
                "d.x",
                "split(s, 'a')",
                "case(b, l, 0)",
                "bin(t, 1h)",
                "parse_json(s)",
                "extract('(.)', 1, s)",
                "array_length(d)",
                "coalesce(s, 'x')",
                "pack_all()",
                "round(r, 1)",
            ]);
            format!("extend {}{value}", dice.one(&["", "x = ", "l = ", "s = "]))
        }
        _ => dice.one(OPERATORS).to_owned(),
    }
}

async fn is_answered_or_refused(world: &World, text: &str) -> Option<String> {
    match world.engine.answer(world::request(text)).await {
        Ok(_) | Err(Error::Query(_) | Error::Limit { .. }) => None,
        Err(error) => Some(format!("{error}\n    {}", text.lines().skip(1).collect::<String>())),
    }
}
