//! "Did you mean": the nearest of some names.
//!
//! Invariant: work is bounded by the number of candidates times a short word length.

/// Longer names are never compared: a typing mistake in them costs more than it helps.
const NAME_CHARS_MAX: usize = 64;

/// The candidate fewest edits away from `name`, when near enough to be a typing mistake.
/// Of equally near ones the first wins; a name that differs by case only is nearest of all.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded: Vec<char> = name.to_lowercase().chars().collect();
    if folded.is_empty() || folded.len() > NAME_CHARS_MAX {
        return None;
    }
    let limit = (folded.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == name {
            continue;
        }
        let other: Vec<char> = candidate.to_lowercase().chars().collect();
        if other.len() > NAME_CHARS_MAX || other.len().abs_diff(folded.len()) > limit {
            continue;
        }
        let edits = distance(&folded, &other);
        if edits <= limit && edits < other.len() && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edits (insert, delete, replace, swap neighbours) between two words.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_previous: Vec<usize> = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(previous[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_previous[j - 2] + 1);
            }
        }
        before_previous = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_mistakes_find_their_name_and_other_words_do_not() {
        let names = ["where", "summarize", "extend", "project", "take"];
        for (wrong, want) in [
            ("wehre", Some("where")),
            ("summarise", Some("summarize")),
            ("Extend", Some("extend")),
            ("prject", Some("project")),
            ("frobnicate", None),
            ("", None),
            ("xy", None),
        ] {
            assert_eq!(nearest(wrong, names), want, "{wrong}");
        }
    }
}
