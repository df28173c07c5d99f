//! The queries this product brings: the texts in `queries/`, one a file.

macro_rules! texts {
    ($($id:literal),* $(,)?) => {
        [$(($id, include_str!(concat!("../../../../../../queries/", $id, ".kql")))),*]
    };
}

/// Id and text of each.
pub const TEXTS: [(&str, &str); 14] = texts![
    "executions-failures-duration",
    "events-by-name",
    "events-by-operating-system",
    "properties-of-events",
    "newest-requests",
    "executions-by-operating-system",
    "executions-by-task",
    "task-over-time",
    "pass-rate-by-week",
    "failed-builds-by-category",
    "error-groups",
    "lost-machine-time",
    "waiting-for-machines",
    "flaky-tests",
];
