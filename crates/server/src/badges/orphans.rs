//! Badges whose definition or environment is gone: marked, and removed when told so
//! (spec azure-devops.md §8.6).

use std::collections::BTreeMap;

use azdo::release_badge::Sort;

use super::document::Document;
use super::plan::Plan;

impl Plan {
    /// Marks the release badges of a project whose definition or environment is none of those
    /// there are, and takes the mark from the others. `definitions`: ids of all definitions of the
    /// project, each with the ids of its environments. Gives how many are marked anew.
    pub fn mark_orphans(
        &mut self,
        project_id: &str,
        definitions: &BTreeMap<i64, Vec<String>>,
        now: i64,
    ) -> usize {
        let mut marked = 0;
        for entry in self.entries() {
            let Some(document) = entry.document() else { continue };
            let key = &document.key;
            let is_other =
                key.sort != Sort::Release || !key.project_id.eq_ignore_ascii_case(project_id);
            if is_other {
                continue;
            }
            let environments = definitions.get(&key.definition_id);
            // Without its id an environment is known by its name, which the list does not have.
            let is_there = environments.is_some_and(|all| {
                key.environment_id.parse::<i64>().is_err() || all.contains(&key.environment_id)
            });
            let orphan = match (is_there, document.orphan) {
                (true, None) | (false, Some(_)) => continue,
                (true, Some(_)) => None,
                (false, None) => Some(now),
            };
            marked += usize::from(orphan.is_some());
            self.put(&entry.id, Document { orphan, ..(**document).clone() });
        }
        marked
    }

    /// Removes badges marked before the time `before`; gives how many.
    pub fn remove_orphans(&mut self, before: i64) -> usize {
        let entries = self.entries();
        let is_due = |document: &Document| document.orphan.is_some_and(|since| since < before);
        let due = entries.iter().filter(|entry| entry.document().is_some_and(|d| is_due(d)));
        due.filter(|entry| self.remove(&entry.id).is_ok()).count()
    }
}
