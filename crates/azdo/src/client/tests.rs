//! How the client pages, waits, gives up and signs in, told by scripts without time or sockets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::fake::*;
use super::*;

const EMPTY: &str = r#"{"count":0,"value":[]}"#;

/// The sizes of all pages of the list of builds.
fn list(client: &Client<Arc<Fake>>) -> Result<Vec<usize>, Error> {
    let filter = BuildFilter { status: "completed", page_size: 2, ..BuildFilter::default() };
    let mut pages = Vec::new();
    client.builds("exproj", &filter, |builds| {
        pages.push(builds.len());
        Ok::<(), Error>(())
    })?;
    Ok(pages)
}

#[test]
fn only_the_token_ends_a_list() {
    let fake = fake(|request, _| match request.url.contains("continuationToken=a%2Fb") {
        true => json_with(r#"{"value":[{"id":2}]}"#, &[("x-ms-continuationtoken", "")]),
        // Empty, and still there is more.
        false => json_with(EMPTY, &[("x-ms-continuationtoken", "a/b")]),
    });
    assert_eq!(list(&client(&fake)).unwrap(), [0, 1]);
    assert_eq!(
        fake.urls()[0],
        "https://dev.azure.com/exorg/exproj/_apis/build/builds?api-version=5.0\
         &statusFilter=completed&queryOrder=finishTimeAscending&%24top=2"
            .replace("%24", "$")
    );
}

#[test]
fn a_token_that_leads_to_itself_is_an_error() {
    let fake = fake(|_, _| json_with(EMPTY, &[("x-ms-continuationtoken", "same")]));
    assert!(matches!(list(&client(&fake)), Err(Error::Paging { .. })));
    assert_eq!(fake.urls().len(), 2);
}

#[test]
fn tokens_that_go_round_are_an_error() {
    let fake = fake(|request, _| {
        let next = if request.url.ends_with("continuationToken=a") { "b" } else { "a" };
        json_with(EMPTY, &[("x-ms-continuationtoken", next)])
    });
    assert!(matches!(list(&client(&fake)), Err(Error::Paging { .. })));
    assert_eq!(fake.urls().len(), 3);
}

/// A page of results with these ids.
fn results(ids: std::ops::Range<usize>) -> fake::Answer {
    let results: Vec<String> = ids.map(|id| format!(r#"{{"id":{}}}"#, id + 1)).collect();
    json(&format!(r#"{{"value":[{}]}}"#, results.join(",")))
}

#[test]
fn lists_by_count_end_with_a_short_page() {
    let fake = fake(|request, _| {
        results(if request.url.ends_with("$skip=0") { 0..200 } else { 200..203 })
    });
    let mut budget = Budget::new(1000, 1 << 20);
    let found = client(&fake).test_results("p", 501, "Failed", true, &mut budget).unwrap();
    assert_eq!(found.len(), 203);
    assert!((budget.items, budget.is_spent) == (797, false) && budget.bytes < 1 << 20);
    let urls = fake.urls();
    assert_eq!(urls.len(), 2);
    assert!(urls[1].contains("test/Runs/501/results?"), "{urls:?}");
    assert!(urls[1].ends_with("detailsToInclude=subResults&outcomes=Failed&$top=200&$skip=200"));
}

#[test]
fn lists_by_count_of_a_service_that_knows_no_skip_end() {
    let fake = fake(|_, _| results(0..200));
    let mut budget = Budget::new(1000, 1 << 20);
    let found = client(&fake).test_results("p", 501, "", true, &mut budget).unwrap();
    assert_eq!((found.len(), fake.urls().len(), budget.is_spent), (200, 2, false));
}

#[test]
fn lists_by_count_end_where_the_budget_does() {
    let endless = || {
        fake(|request, _| {
            let skip = request.url.rsplit('=').next().unwrap().parse().unwrap();
            results(skip..skip + 200)
        })
    };
    for (mut budget, count) in [(Budget::new(450, 1 << 20), 450), (Budget::new(1000, 3000), 400)] {
        let found = client(&endless()).test_results("p", 501, "", true, &mut budget).unwrap();
        assert_eq!((found.len(), budget.is_spent), (count, true));
    }
}

#[test]
fn trouble_that_passes_is_tried_again_with_growing_waits() {
    for answer in [
        || status(500, &[]),
        || status(408, &[]),
        || status(504, &[]),
        || Err(TransportError::Failed("connection reset".to_owned())),
        || json(r#"{"value":[{"id":1"#),
    ] {
        let fake = fake(move |_, before| if before < 5 { answer() } else { json(EMPTY) });
        list(&client(&fake)).unwrap();
        assert_eq!(fake.slept_seconds(), [1.0, 2.0, 4.0, 8.0, 16.0]);
        let fake = fake_always(answer);
        let error = list(&client(&fake)).unwrap_err();
        assert!(matches!(error, Error::Unavailable { tries: 6, .. }), "{error}");
        assert_eq!(fake.urls().len(), 6);
    }
}

fn fake_always(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Arc<Fake> {
    fake(move |_, _| answer())
}

#[test]
fn the_service_says_how_long_to_wait() {
    let fake = fake(|_, before| match before {
        0 => status(429, &[("retry-after", "7")]),
        1 => status(503, &[("retry-after", "Fri, 20 Nov 2026 12:00:10 GMT")]),
        // A good answer too may ask for a pause of the whole source.
        _ => json_with(EMPTY, &[("retry-after", "30")]),
    });
    let client = client(&fake);
    list(&client).unwrap();
    assert_eq!(fake.slept_seconds(), [7.0, 3.0]);
    list(&client).unwrap();
    assert_eq!(fake.slept_seconds(), [7.0, 3.0, 30.0]);
    assert_eq!(client.usage().delayed_seconds, 7.0 + 3.0 + 30.0 + 30.0);
}

#[test]
fn a_spent_budget_pauses_until_it_is_filled_by_the_clock_of_the_service() {
    let fake = fake(|_, before| match before {
        0 => json_with(
            EMPTY,
            &[
                ("x-ratelimit-remaining", "0"),
                // 40 s after the service's own time, which is an hour behind ours.
                ("x-ratelimit-reset", "1795172440"),
                ("date", "Fri, 20 Nov 2026 11:00:00 GMT"),
            ],
        ),
        _ => json_with(EMPTY, &[("x-ratelimit-remaining", "150")]),
    });
    let client = client(&fake);
    list(&client).unwrap();
    assert_eq!(client.usage().remaining, Some(0));
    list(&client).unwrap();
    assert_eq!(fake.slept_seconds(), [40.0]);
    assert_eq!(client.usage().remaining, Some(150));
}

#[test]
fn concurrency_is_halved_by_trouble_and_grows_back_in_quiet_up_to_what_is_allowed() {
    let fake = fake(|_, before| match before {
        0 => json_with(EMPTY, &[("x-ratelimit-delay", "2.5")]),
        1 => status(429, &[]),
        2 => status(503, &[]),
        _ => json(EMPTY),
    });
    let client = client(&fake);
    assert_eq!(client.usage().concurrency, 4);
    list(&client).unwrap();
    assert_eq!((client.usage().concurrency, client.usage().delayed_seconds), (2, 2.5));
    list(&client).unwrap();
    assert_eq!(client.usage().concurrency, 1);
    for want in [2, 3, 4, 4] {
        fake.now.fetch_add(600 * 1_000_000_000, Ordering::SeqCst);
        list(&client).unwrap();
        list(&client).unwrap();
        assert_eq!(client.usage().concurrency, want);
    }
}

#[test]
fn never_more_requests_at_once_than_allowed() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let fake = fake(move |_, _| {
        peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(5));
        now.fetch_sub(1, Ordering::SeqCst);
        json("null")
    });
    let client = client(&fake);
    std::thread::scope(|scope| {
        for id in 0..16 {
            let client = &client;
            scope.spawn(move || {
                for again in 0..5 {
                    client.timeline("p", id * 10 + again, None).unwrap();
                }
            });
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 4);
    assert_eq!(client.usage().requests, 80);
}

#[test]
fn what_asks_to_sign_in_is_no_data() {
    let html = || {
        let mut page = status(200, &[("content-type", "text/html; charset=utf-8")])?;
        page.body = b"<html>Sign in</html>".to_vec();
        Ok(page)
    };
    for answer in [
        html,
        || status(203, &[("content-type", "text/html")]),
        || status(302, &[("location", "https://login")]),
        || status(401, &[]),
        || status(403, &[("content-type", "application/json")]),
    ] {
        let fake = fake_always(answer);
        let error = list(&client(&fake)).unwrap_err();
        assert!(error.is_auth(), "{error}");
        assert!(error.to_string().contains("check the token and its scopes"), "{error}");
        assert_eq!(fake.urls().len(), 1);
    }
}

#[test]
fn what_does_not_pass_is_not_tried_again() {
    let refused = || {
        let mut answer = status(400, &[("content-type", "application/json")])?;
        answer.body = br#"{"message":"no such order"}"#.to_vec();
        Ok(answer)
    };
    for (answer, want) in [
        (refused as fn() -> Answer, "answered 400: no such order"),
        (|| Err(TransportError::TooLarge(1 << 20)), "longer than 1048576 bytes"),
        (|| json(r#"{"value":[{"id":"x"}]}"#), "cannot be read"),
        (|| status(404, &[]), "there is nothing at"),
    ] {
        let fake = fake_always(answer);
        let error = list(&client(&fake)).unwrap_err().to_string();
        assert!(error.contains(want) && error.contains("/exproj/_apis/"), "{error}");
        assert_eq!(fake.urls().len(), 1, "{error}");
    }
}

#[test]
fn builds_without_timelines_and_deleted_ones_are_told_apart() {
    let answer = |answer: fn() -> Answer| client(&fake_always(answer)).timeline("p", 1, None);
    assert_eq!(answer(|| status(204, &[])), Ok(TimelineAnswer::Never));
    assert_eq!(answer(|| json("null")), Ok(TimelineAnswer::Never));
    assert_eq!(answer(|| status(404, &[])), Ok(TimelineAnswer::Gone));
    assert!(matches!(answer(|| json(r#"{"id":"a"}"#)), Ok(TimelineAnswer::Found(_, 10))));
    assert_eq!(
        client(&fake_always(|| status(404, &[]))).build("p", 1).unwrap().map(|b| b.id),
        None
    );
}

#[test]
fn tokens_are_sent_as_their_kind_wants_it() {
    for (credentials, want) in [
        (Credentials::Anonymous, None),
        (Credentials::Pat(Box::new(|| Ok("pat".to_owned()))), Some("Basic OnBhdA==")),
        (Credentials::Bearer(Box::new(|| Ok("job".to_owned()))), Some("Bearer job")),
    ] {
        let fake = fake_always(|| json(EMPTY));
        list(&Client::new(Arc::clone(&fake), options(credentials))).unwrap();
        let sent = fake.sent.lock().unwrap()[0].clone();
        let header = |name: &str| {
            sent.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(header("authorization"), want);
        assert_eq!(header("user-agent"), Some("telltale/test"));
        assert_eq!(header("accept-encoding"), Some("gzip"));
    }
    let missing = Credentials::Pat(Box::new(|| Err("the variable `PAT` is not set".to_owned())));
    let fake = fake_always(|| json(EMPTY));
    let error = list(&Client::new(Arc::clone(&fake), options(missing))).unwrap_err();
    assert!(error.is_auth());
    assert_eq!(error.to_string(), "there is no token: the variable `PAT` is not set");
    assert!(fake.urls().is_empty());
}

#[test]
fn a_service_principal_asks_for_tokens_and_keeps_them() {
    let refuse = Arc::new(Mutex::new(false));
    let refuses = Arc::clone(&refuse);
    let fake = fake(move |request, before| match &request.call {
        Call::Post(Content::Form(form)) => {
            assert_eq!(
                form,
                "grant_type=client_credentials&client_id=app&client_secret=s%26t&scope=\
                 499b84ac-1321-427f-aa17-267ca6975798%2F.default"
            );
            json(&format!(r#"{{"access_token":"t{before}","expires_in":3600}}"#))
        }
        Call::Get if std::mem::take(&mut *refuses.lock().unwrap()) => status(401, &[]),
        Call::Get => json(EMPTY),
        other => panic!("{other:?}"),
    });
    let secret = Box::new(|| Ok("s&t".to_owned()));
    let authority = "https://login.example".to_owned();
    let entra = Entra::new(authority, "tenant".to_owned(), "app".to_owned(), secret);
    let client = Client::new(Arc::clone(&fake), options(Credentials::Entra(entra)));
    let sent_with = || {
        let sent = fake.sent.lock().unwrap();
        let last = sent.last().unwrap().headers.clone();
        last.into_iter().find(|(name, _)| *name == "authorization").unwrap().1
    };
    list(&client).unwrap();
    list(&client).unwrap();
    assert_eq!(fake.urls()[0], "https://login.example/tenant/oauth2/v2.0/token");
    assert_eq!((fake.urls().len(), sent_with().as_str()), (3, "Bearer t0"));
    // Five minutes before its end it is replaced.
    fake.now.fetch_add(3301 * 1_000_000_000, Ordering::SeqCst);
    list(&client).unwrap();
    assert_eq!((fake.urls().len(), sent_with().as_str()), (5, "Bearer t1"));
    // Refused before its end: another one, once.
    *refuse.lock().unwrap() = true;
    list(&client).unwrap();
    assert_eq!((fake.urls().len(), sent_with().as_str()), (8, "Bearer t2"));
}

#[test]
fn a_refused_service_principal_is_a_matter_of_its_user() {
    let fake = fake(|request, _| {
        assert!(matches!(request.call, Call::Post(_)));
        let mut answer = status(401, &[])?;
        answer.body = br#"{"error":"invalid_client","error_description":"..."}"#.to_vec();
        Ok(answer)
    });
    let secret = Box::new(|| Ok("secret".to_owned()));
    let entra = Entra::new("https://l".into(), "t".into(), "app".into(), secret);
    let client = Client::new(Arc::clone(&fake), options(Credentials::Entra(entra)));
    let error = list(&client).unwrap_err();
    assert!(error.is_auth());
    let text = error.to_string();
    assert!(text.contains("status 401, invalid_client") && !text.contains("secret"), "{text}");
}

#[test]
fn a_log_is_text_cut_at_its_limit() {
    let fake = fake(|request, _| {
        assert!(request.cuts && request.body_bytes_max == 100, "{request:?}");
        let mut answer = status(200, &[("content-type", "text/plain")])?;
        answer.body = b"half \xc3".to_vec();
        Ok(answer)
    });
    let read = |first, last| client(&fake).log("p", 1, 7, LogLines { first, last }, 100).unwrap();
    let want = LogText { text: "half \u{fffd}".to_owned(), is_cut: false };
    assert_eq!(read(5, None), Some(want));
    read(1, Some(200));
    assert!(fake.urls()[0].ends_with("build/builds/1/logs/7?api-version=5.0&startLine=5"));
    assert!(fake.urls()[1].ends_with("build/builds/1/logs/7?api-version=5.0&endLine=200"));
}
