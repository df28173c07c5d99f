//! Categories of `tests/azdo/categories/vectors.json`.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct File {
    sets: Vec<Set>,
    errors: Vec<Wrong>,
}

#[derive(Deserialize)]
struct Set {
    name: String,
    rules: Option<Vec<Rule>>,
    marker: Option<String>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    message: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    definition: String,
    #[serde(default)]
    task: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    alone: bool,
    category: String,
    source: String,
    domain: Option<Domain>,
}

#[derive(Deserialize)]
struct Wrong {
    rule: Rule,
    error: String,
}

fn file() -> File {
    serde_json::from_str(include_str!("../../../../tests/azdo/categories/vectors.json")).unwrap()
}

#[test]
fn messages_get_the_categories_of_the_vectors() {
    for set in file().sets {
        let rules = set.rules.unwrap_or_else(default_rules);
        let categories = Categories::new(rules, set.marker.as_deref()).unwrap();
        assert!(!set.vectors.is_empty());
        for vector in &set.vectors {
            let bucket = categories.bucket(&Subject {
                message: &vector.message,
                service_category: &vector.service,
                definition: &vector.definition,
                task: &vector.task,
                kind: &vector.kind,
                alone: vector.alone,
            });
            let got = (&*bucket.name, bucket.source.name());
            let want = (vector.category.as_str(), vector.source.as_str());
            assert_eq!(got, want, "{}: {}", set.name, vector.message);
            assert_eq!(bucket.rule.is_some(), vector.source == "rule");
            if let Some(domain) = vector.domain {
                assert_eq!(categories.domain(&bucket.name), domain, "{}", vector.message);
            }
        }
    }
}

#[test]
fn a_rule_that_cannot_be_used_is_named() {
    for wrong in file().errors {
        let error = Categories::new(vec![wrong.rule], None).unwrap_err();
        assert_eq!(error.to_string(), wrong.error);
    }
    let many = vec![Rule::contains("x", "A", Domain::Code); MAX_RULES + 1];
    assert_eq!(
        Categories::new(many, None).unwrap_err().to_string(),
        "1001 category rules are more than 1000"
    );
    assert_eq!(
        Categories::new(vec![], Some(" ")).unwrap_err().to_string(),
        "' ' cannot be the name of a marker"
    );
}

#[test]
fn as_many_rules_as_allowed_compile() {
    let rule = |at| Rule::contains(&format!("text {at}"), "A", Domain::Code);
    let categories = Categories::new((0..MAX_RULES).map(rule).collect(), None).unwrap();
    let subject = Subject { message: "Text 999", ..Subject::default() };
    assert_eq!(categories.bucket(&subject).rule, Some(9));
    assert_eq!(categories.rules().len(), MAX_RULES);
}

#[test]
fn shipped_rules_compile_and_their_domains_are_known() {
    let categories = Categories::default();
    assert_eq!(categories.rules().len(), default_rules().len());
    for (name, domain) in categories.domains() {
        assert_eq!(domain_of_defaults(name), domain, "{name}");
    }
    assert!(default_names().any(|name| name == "Darc"));
    assert_eq!(domain_of_defaults("nobody"), Domain::Unknown);
}

#[test]
fn a_hostile_message_takes_linear_time() {
    let categories = Categories::default();
    let begin = std::time::Instant::now();
    for part in ["(NETCORE_ENGINEERING_TELEMETRY=", ": (Darc", "exited with cox"] {
        let message = part.repeat(30_000);
        let subject = Subject { message: &message, ..Subject::default() };
        assert_eq!(categories.bucket(&subject).name, UNKNOWN);
    }
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}
