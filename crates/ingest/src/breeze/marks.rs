//! Which texts of one item were cut, and how long they were: what its column `_cut` keeps.
//!
//! Invariants: nothing is allocated for an item that was cut nowhere; a place occurs once; there
//! are at most [`MARKS_MAX`] places, and how many more there were is told.

use super::bags::push_string;

/// Places told of one item.
const MARKS_MAX: usize = 50;
/// The member that counts the places beyond [`MARKS_MAX`].
const MORE: &str = "(more)";

/// The cuts of the item at hand.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Place and UTF-16 units on arrival.
    list: Vec<(String, usize)>,
    more: usize,
}

impl Marks {
    pub fn clear(&mut self) {
        self.list.clear();
        self.more = 0;
    }

    /// The text at `place` had `units` UTF-16 units; of a place told twice the last counts.
    pub fn add(&mut self, place: String, units: usize) {
        if let Some(known) = self.list.iter_mut().find(|(known, _)| *known == place) {
            known.1 = units;
        } else if self.list.len() < MARKS_MAX {
            self.list.push((place, units));
        } else {
            self.more += 1;
        }
    }

    /// What stood at `from` is stored at `to`.
    pub fn rename(&mut self, from: &str, to: impl FnOnce() -> String) {
        if let Some((place, _)) = self.list.iter_mut().find(|(place, _)| place == from) {
            *place = to();
        }
    }

    /// A JSON object of places and lengths; empty when nothing was cut.
    pub fn json(&self) -> String {
        let mut out = String::new();
        let more = (self.more > 0).then_some((MORE, self.more));
        let list = self.list.iter().map(|(place, units)| (place.as_str(), *units));
        for (place, units) in list.chain(more) {
            out.push(if out.is_empty() { '{' } else { ',' });
            push_string(&mut out, place);
            out.push(':');
            out.push_str(&units.to_string());
        }
        if !out.is_empty() {
            out.push('}');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_an_object_that_says_what_it_leaves_out() {
        let mut marks = Marks::default();
        assert_eq!(marks.json(), "");
        marks.add("name".to_owned(), 600);
        marks.add("customDimensions.a\"b".to_owned(), 9000);
        marks.add("name".to_owned(), 700);
        marks.rename("name", || "url".to_owned());
        assert_eq!(marks.json(), r#"{"url":700,"customDimensions.a\"b":9000}"#);
        for i in 0..MARKS_MAX {
            marks.add(format!("k{i}"), 151);
        }
        assert!(marks.json().ends_with(r#""k47":151,"(more)":2}"#), "{}", marks.json());
        marks.clear();
        assert_eq!(marks.json(), "");
    }
}
