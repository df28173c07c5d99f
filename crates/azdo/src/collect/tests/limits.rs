//! Limits of one build: what is over them is left out and said, and never the end of a log.

use super::*;

const AT: &str = "2026-11-20T09:59:52.1234567Z";

/// A service whose build 1 failed with one log of these lines; it cuts as the real transport does.
fn with_log(plan: Plan, lines: Vec<String>, line_count: Option<usize>) -> Story {
    let answers: Answers = Arc::default();
    let said = Arc::clone(&answers);
    let fake = fake(move |request: &Request, _| {
        let (path, query) = request.url.split_once('?').unwrap_or_default();
        if !path.contains("/logs/") {
            return answer(&said, request);
        }
        let number = |name: &str| {
            let found = query.split('&').find_map(|pair| pair.strip_prefix(name));
            found.map(|number| number.trim_start_matches('=').parse::<usize>().unwrap())
        };
        let first = number("startLine").unwrap_or(1) - 1;
        let last = number("endLine").unwrap_or(lines.len()).min(lines.len());
        let mut answer = status(200, &[("content-type", "text/plain")])?;
        let text = lines[first..last].iter().map(|line| format!("{line}\n"));
        answer.body = text.collect::<String>().into_bytes();
        answer.body.truncate(request.body_bytes_max as usize);
        Ok(answer)
    });
    let memory: Arc<Memory> = Arc::default();
    let collector = Collector::new(client(&fake), Arc::clone(&memory), plan);
    let story = Story { answers, fake, memory, collector };
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    let record = |id: &str, parent: &str, kind: &str, result: &str, log: Value| {
        json!({ "id": id, "parentId": parent, "type": kind, "name": id, "order": 1,
            "attempt": 1, "result": result, "log": log })
    };
    let mut setup = record("setup", "job", "Task", "succeeded", json!({ "id": 8 }));
    setup["name"] = json!("Initialize job");
    let records = [
        record("job", "", "Job", "failed", Value::Null),
        setup,
        record("task", "job", "Task", "failed", json!({ "id": 7 })),
    ];
    story.says("/builds/1/timeline", json!({ "id": "t", "records": records }));
    story.says("/builds/1/logs", list(&[json!({ "id": 7, "lineCount": line_count })]));
    story
}

fn failing_log(length: impl Fn(usize) -> usize) -> Vec<String> {
    let line = |number| format!("{AT} {}", "x".repeat(length(number)));
    let mut lines: Vec<String> = (0..40_000).map(line).collect();
    lines.push(format!("{AT} ##[error]the end"));
    lines
}

fn logs_of_failed_tasks() -> Plan {
    Plan { logs: Logs::Failed, log_bytes_max: 2 << 20, ..plan() }
}

#[test]
fn the_last_line_of_a_log_is_read_however_long_its_lines_are() {
    /// A name, the lengths of lines by their number, and the most requests.
    type Case<'a> = (&'a str, &'a dyn Fn(usize) -> usize, usize);
    let lengths: [Case; 4] = [
        ("shorter than thought", &|_| 20, 1),
        ("longer than thought", &|_| 150, 2),
        ("longest at the end", &|number| if number > 39_900 { 30_000 } else { 10 }, 7),
        ("too long by itself", &|number| if number > 39_990 { 3 << 20 } else { 150 }, 9),
    ];
    for (name, length, most) in lengths {
        let lines = failing_log(length);
        let count = lines.len();
        let story = with_log(logs_of_failed_tasks(), lines, Some(count));
        let run = story.good_pass();
        assert_eq!(story.memory.texts("TimelineLogErrors", "Text"), ["the end"], "{name}");
        let asked = story.asked();
        let tries = asked.iter().filter(|url| url.contains("/logs/7")).count();
        assert!(tries <= most, "{name}: {asked:?}");
        assert!(run.error.starts_with("of log 7 of build 1 only lines "), "{name}: {}", run.error);
        assert!(run.error.ends_with(" to 40001 are read"), "{name}: {}", run.error);
    }
}

#[test]
fn a_log_whose_end_cannot_be_found_says_so() {
    let story = with_log(logs_of_failed_tasks(), failing_log(|_| 150), None);
    let run = story.good_pass();
    assert_eq!(run.error, "of log 7 of build 1 only 2097152 bytes from line 1 on are read");
}

#[test]
fn a_log_that_fits_is_read_whole_and_says_nothing() {
    let lines = vec![format!("{AT} ##[error]the end")];
    let story = with_log(logs_of_failed_tasks(), lines, Some(1));
    assert_eq!(story.good_pass().error, "");
    assert_eq!(story.memory.texts("TimelineLogErrors", "Text"), ["the end"]);
}

#[test]
fn images_of_jobs_that_failed_are_read_from_the_first_lines_of_their_first_step() {
    let mut lines = vec![format!("{AT} Image: ubuntu-24.04")];
    lines.extend(failing_log(|_| 20));
    for (images, result, want) in [
        (Images::Failed, "failed", "ubuntu-24.04"),
        (Images::Failed, "succeeded", ""),
        (Images::All, "succeeded", "ubuntu-24.04"),
        (Images::Off, "failed", ""),
    ] {
        let story = with_log(Plan { images, ..plan() }, lines.clone(), None);
        let timeline = story.answers.lock().unwrap()["/builds/1/timeline"].clone();
        let mut timeline = timeline;
        timeline["records"][0]["result"] = json!(result);
        story.says("/builds/1/timeline", timeline);
        assert_eq!(story.good_pass().error, "");
        let asked = story.asked();
        let logs: Vec<&String> = asked.iter().filter(|url| url.contains("/logs")).collect();
        match want {
            "" => assert!(logs.is_empty(), "{logs:?}"),
            _ => assert_eq!(logs, ["build/builds/1/logs/8?api-version=5.0&endLine=200"]),
        }
        let images = story.memory.texts("TimelineRecords", "ImageName");
        assert!(images.iter().any(|image| image == want), "{images:?}");
    }
}

#[test]
fn of_many_failed_jobs_some_images_are_read_and_it_is_said() {
    let story = with_log(Plan { images: Images::Failed, ..plan() }, failing_log(|_| 20), None);
    let records = (0..30).flat_map(|job| {
        [
            json!({ "id": format!("j{job}"), "type": "Job", "result": "failed", "attempt": 1 }),
            json!({ "id": format!("s{job}"), "parentId": format!("j{job}"), "type": "Task",
                "name": "Initialize job", "attempt": 1, "log": { "id": job + 100 } }),
        ]
    });
    story.says("/builds/1/timeline", json!({ "id": "t", "records": records.collect::<Vec<_>>() }));
    let run = story.good_pass();
    assert_eq!(run.error, "build 1 has more jobs than the 10 images read");
    assert_eq!(story.asked().iter().filter(|url| url.contains("/logs/")).count(), 10);
}

#[test]
fn earlier_timelines_over_the_limit_are_left_out_and_it_is_said() {
    let answers: Answers = Arc::default();
    let said = Arc::clone(&answers);
    // Each timeline names another one before it.
    let fake = fake(move |request: &Request, _| {
        let path = request.url.split('?').next().unwrap_or_default();
        let Some((_, id)) = path.split_once("/timeline") else { return answer(&said, request) };
        let id: u64 = id.trim_start_matches('/').parse().unwrap_or(0);
        let before = json!({ "attempt": 1, "timelineId": (id + 1).to_string(), "recordId": "r" });
        body(
            &json!({ "id": id.to_string(), "records": [{ "id": "r", "type": "Job", "attempt": 1,
            "name": "job", "previousAttempts": [before] }] })
            .to_string(),
        )
    });
    let memory: Arc<Memory> = Arc::default();
    let collector = Collector::new(client(&fake), Arc::clone(&memory), plan());
    let story = Story { answers, fake, memory, collector };
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    let run = story.good_pass();
    assert_eq!((run.failed, run.fetched), (0, 1));
    assert_eq!(run.error, "of build 1 only 4999 earlier timelines are read");
}
