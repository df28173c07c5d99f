//! `[[source]]`: every mistake at once, and nothing secret in the file.

use crate::azdo::{Setup, source, text};
use crate::server::run;

#[test]
fn every_mistake_of_every_source_is_reported_at_once() {
    let setup = Setup::new(
        r#"
        [[source]]
        name = "a/b"
        base = "dev.azure.com/org"
        token = "hunter2"
        interval = "soon"
        tests = "some"
        images = "most"
        page_size = 0
        projects = ["!x"]
        reconcile = { every = "24h", windows = "1d" }

        [[source]]
        name = "second"
        base = "https://dev.azure.com/org"
        token_env = "A"
        token_file = "b"

        [[source]]
        name = "third"
        base = "https://dev.azure.com/org"
        anonymous = true

        [[source]]
        name = "fourth"
        base = "https://dev.azure.com/org"
        entra = { tenant = "t", client_id = "c" }
        "#,
    );
    let done = setup.once_failing();
    let error = text(&done.stderr);
    for part in [
        "source `a/b` in file `",
        "`name` is needed: letters, digits",
        "`base` must begin with `https://` or `http://`",
        "no token: give `token_env`",
        "there is no key `token`",
        "`interval` is `soon`, but must be a time such as `5m`, from 1s to 7d",
        "`tests` is `some`, but must be one of `off`, `summary`, `failed`, `all`",
        "`images` is `most`, but must be one of `off`, `failed`, `all`",
        "`page_size` is `0`, but must be a whole number from 1 to 5000",
        "`projects` names nothing: `*` is all",
        "`reconcile`: there is no key `windows`",
        "source `second`",
        "there are several tokens: leave all but one out",
        "source `third`",
        "`tests` must be `off` for an anonymous source",
        "source `fourth`",
        "`entra`: needs `tenant`, `client_id` and one of",
    ] {
        assert!(error.contains(part), "`{part}` is missing in\n{error}");
    }
    assert!(!error.contains("hunter2"), "{error}");
    assert!(!setup.data().exists());
}

#[test]
fn a_file_that_is_not_toml_and_a_setting_in_the_wrong_place_are_explained() {
    let setup = Setup::new("listen = \"127.0.0.1:0\"\nretention = 90d\n");
    let error = text(&setup.once_failing().stderr);
    assert!(error.contains("is not TOML at line 2, column 1"), "{error}");
    let setup = Setup::new(&source("exorg", "http://127.0.0.1:1", "listen = \"127.0.0.1:0\"\n"));
    let error = text(&setup.once_failing().stderr);
    let want = "there is no key `listen`: it is a setting of the server, write it above the first \
                `[[source]]`";
    assert!(error.contains(want), "{error}");
}

#[test]
fn nothing_to_collect_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let done = run(&["collect", "--once", "--data", data.to_str().unwrap()]);
    let error = text(&done.stderr);
    assert!(error.contains("describe a `[[source]]` in the settings file"), "{error}");
    let setup = Setup::new(&source("exorg", "http://127.0.0.1:1", ""));
    let done = setup.collect(&["--once", "--source", "other"]).output().unwrap();
    assert!(text(&done.stderr).contains("there is no source `other` in the settings"));
    let setup = Setup::new(&source("exorg", "https://127.0.0.1:1", "ca_file = \"/no/such\"\n"));
    let error = text(&setup.once_failing().stderr);
    assert!(error.contains("source `exorg`: cannot read `/no/such`"), "{error}");
    let more = "application = \"none\"\n";
    let setup = Setup::new(&source("exorg", "http://127.0.0.1:1", more));
    let error = text(&setup.once_failing().stderr);
    assert!(error.contains("source `exorg`: there is no application `none`"), "{error}");
}

#[test]
fn an_authority_of_ones_own_is_trusted_by_name() {
    // Any server with a certificate of its own will do; this one knows no builds.
    let flags = ["--tls-listen", "127.0.0.1:0", "--tls-generate", "localhost"];
    let (server, dir) = crate::server::start(&flags);
    let authority = dir.path().join("authority.pem");
    let out = authority.to_str().unwrap();
    let url = format!("https://localhost:{}", server.tls_port());
    crate::server::output(&["tls", "show", "--url", &url, "--out", out]);
    let setup = Setup::new(&source("exorg", &url, &format!("ca_file = \"{out}\"\n")));
    let error = text(&setup.once_failing().stderr);
    assert!(error.contains("there is nothing at"), "{error}");
}

#[test]
fn a_folder_nobody_collected_into_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    crate::server::output(&["apps", "create", "ci", "--data", data]);
    let page = crate::server::output(&["collect", "status", "--data", data]);
    assert_eq!(page, "nothing has been collected yet\n");
}
