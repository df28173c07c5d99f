//! Queries put together from pieces of others: no panic, and whatever binds keeps the contract.

use super::cases::queries;
use super::compile;
use super::invariants::check;

const ROUNDS: usize = 4000;

/// A small generator of numbers (xorshift): the same ones every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Words and single other characters, in order.
fn pieces(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let mut all: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars() {
        match all.last_mut() {
            Some(last) if in_word && is_word(c) => last.push(c),
            _ => all.push(c.to_string()),
        }
        in_word = is_word(c);
    }
    all
}

fn splice(own: &mut Vec<String>, other: &[String], random: &mut Random) {
    match random.below(4) {
        0 => {
            let at = random.below(own.len());
            own[at] = other[random.below(other.len())].clone();
        }
        1 => {
            let from = random.below(other.len());
            let to = (from + random.below(8)).min(other.len());
            let at = random.below(own.len() + 1);
            own.splice(at..at, other[from..to].to_vec());
        }
        2 => {
            let pipe = other.iter().position(|piece| piece == "|").unwrap_or(other.len());
            own.extend_from_slice(&other[pipe..]);
        }
        _ => *own = vec![format!("{} | union ({})", own.concat(), other.concat())],
    }
}

#[test]
fn queries_put_together_from_pieces_keep_the_contract() {
    let queries: Vec<Vec<String>> = queries().iter().map(|text| pieces(text)).collect();
    let mut random = Random(88_172_645_463_325_252);
    let mut bound = 0;
    for _ in 0..ROUNDS {
        let mut text = queries[random.below(queries.len())].clone();
        for _ in 0..=random.below(3) {
            let other = &queries[random.below(queries.len())];
            splice(&mut text, other, &mut random);
        }
        let text = text.concat();
        if let Ok(query) = compile(&text) {
            bound += 1;
            check(&query).unwrap_or_else(|why| panic!("{text}\n{why}"));
        }
    }
    assert!(bound > ROUNDS / 40, "{bound} bind");
}
