//! Definitions that a source calls official: the kind of their builds, until that is taken away.

use serde_json::{Value, json};

use crate::server::Server;

/// A source that nothing is collected from, with more settings.
fn source(more: &str) -> String {
    format!(
        "[[source]]\nname = \"exorg\"\nbase = \"http://127.0.0.1:9/exorg\"\nprojects = [\"p\"]\n\
         anonymous = true\ntests = \"off\"\n{more}\n"
    )
}

/// The kinds of builds of a schedule and of a pull request.
fn kinds(server: &Server) -> Value {
    let row = server.rows(
        r"print BuildKind('schedule', 'exorg', @'\release\app'),
            BuildKind('pullRequest', 'exorg', @'\release\app'),
            BuildKind('schedule', 'exorg', @'\release\trial'),
            BuildKind('schedule', 'exorg', @'\web\Ship-It'),
            BuildKind('schedule', 'exorg', @'\web\ci'),
            BuildKind('schedule', 'other', @'\release\app'), BuildKind('schedule')",
    );
    row[0].clone()
}

#[test]
fn definitions_are_official_while_the_settings_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("telltale.toml");
    let config = path.to_str().unwrap();
    let official = r#"official = ["\\release\\*", "ship-*", "!\\release\\trial"]"#;
    std::fs::write(&path, source(official)).unwrap();
    for _ in 0..2 {
        let server = Server::on(dir.path(), &["--config", config]);
        let want = json!([
            "official",
            "PR",
            "scheduled",
            "official",
            "scheduled",
            "scheduled",
            "scheduled"
        ]);
        assert_eq!(kinds(&server), want);
        assert_eq!(server.rows("OfficialDefinitions | count")[0][0], 1);
        server.stop();
    }
    std::fs::write(&path, source("official = []")).unwrap();
    let server = Server::on(dir.path(), &["--config", config]);
    assert_eq!(kinds(&server)[0], "scheduled");
}
