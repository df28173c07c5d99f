//! The report that says whose failure a category is, and the categories that are there before
//! anybody configures any: one opinion.

use std::collections::BTreeSet;
use std::path::Path;

use azdo::category::{UNKNOWN, default_names, default_rules, domain_of_defaults};

use crate::server::{Server, start};

/// Every category without settings, and two that are none.
fn categories() -> BTreeSet<String> {
    let names = default_names().map(str::to_owned);
    let rules = default_rules().into_iter().map(|rule| rule.category);
    names.chain(rules).chain([UNKNOWN, "NoError", "Elsewhere"].map(str::to_owned)).collect()
}

#[test]
fn the_domains_of_reports_are_those_of_the_collector() {
    let (server, _dir) = start(&[]);
    let asked: Vec<String> = categories().iter().map(|c| format!("'{c}'")).collect();
    let asked = asked.join(", ");
    let rows = server.rows(&format!(
        "print Category = dynamic([{asked}]) | mv-expand Category to typeof(string) \
         | project Category, CategoryDomain(Category) | order by Category asc"
    ));
    let rows: Vec<(String, String)> = serde_json::from_value(rows).unwrap();
    let want: Vec<(String, String)> = categories()
        .into_iter()
        .map(|category| {
            let domain = domain_of_defaults(&category).name().to_owned();
            (category, domain)
        })
        .collect();
    assert_eq!(rows, want);
    for domain in ["code", "infrastructure", "unknown"] {
        assert!(want.iter().any(|(_, found)| found == domain), "no category is {domain}");
    }
}

/// A category that is renamed or taken away must not stay in the report.
#[test]
fn the_report_names_no_category_that_is_not_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/CategoryDomain.kql");
    let text = std::fs::read_to_string(path).unwrap();
    let body = text.split_once("case(").unwrap().1;
    let quoted = body.split('"').skip(1).step_by(2);
    let domains = ["code", "infrastructure", "unknown"];
    let named: BTreeSet<&str> = quoted.filter(|word| !domains.contains(word)).collect();
    let all = categories();
    let lost: Vec<&&str> = named.iter().filter(|name| !all.contains(**name)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let decided = all.iter().filter(|c| domain_of_defaults(c).name() != "unknown");
    assert_eq!(named.len(), decided.count());
}

#[test]
fn a_domain_of_the_settings_counts_until_it_is_taken_away() {
    let (server, dir) = start(&[]);
    let domains = "print CategoryDomain('PyTests'), CategoryDomain('Build'), CategoryDomain('x')";
    let asked = |server: &Server| server.rows(domains)[0].clone();
    assert_eq!(asked(&server), serde_json::json!(["unknown", "code", "unknown"]));
    server.stop();
    let path = dir.path().join("telltale.toml");
    let rules = "[[category]]\ncategory = \"PyTests\"\ncontains = \"py\"\n\
                 domain = \"infrastructure\"\n\n\
                 [[category]]\ncategory = \"Build\"\ndomain = \"infrastructure\"\n";
    std::fs::write(&path, rules).unwrap();
    let config = path.to_str().unwrap();
    for _ in 0..2 {
        let server = Server::on(dir.path(), &["--config", config]);
        assert_eq!(
            asked(&server),
            serde_json::json!(["infrastructure", "infrastructure", "unknown"])
        );
        assert_eq!(server.rows("Categories | count")[0][0], 2);
        server.stop();
    }
    let server = Server::on(dir.path(), &[]);
    assert_eq!(asked(&server), serde_json::json!(["unknown", "code", "unknown"]));
}
