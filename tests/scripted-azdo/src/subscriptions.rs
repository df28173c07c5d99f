//! Projects and subscriptions of service hooks: a list that grows by what is posted to it
//! and shrinks by what is deleted.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::service::Script;

/// Inputs the service gives back masked.
const MASKED: [&str; 2] = ["basicAuthPassword", "httpHeaders"];

/// An organisation that knows of projects and subscriptions and nothing else.
pub struct Subscriptions {
    /// Ids and names.
    projects: Vec<(String, String)>,
    all: Mutex<Vec<Value>>,
    /// How many were ever made.
    made: AtomicUsize,
}

impl Subscriptions {
    /// An organisation with these projects (ids and names) and subscriptions.
    #[must_use]
    pub fn new(projects: &[(&str, &str)], subscriptions: Vec<Value>) -> Self {
        let own = |(id, name): &(&str, &str)| ((*id).to_owned(), (*name).to_owned());
        Self {
            projects: projects.iter().map(own).collect(),
            all: Mutex::new(subscriptions),
            made: AtomicUsize::new(0),
        }
    }

    fn add(&self, request: &Request) -> Answer {
        let Ok(mut wanted) = serde_json::from_slice::<Value>(&request.body) else {
            return Answer::json(400, json!({ "message": "The body is no JSON." }).to_string());
        };
        let has = |name: &str| wanted[name].as_str().is_some_and(|text| !text.is_empty());
        let needed = ["publisherId", "eventType", "consumerId", "consumerActionId"];
        if let Some(name) = needed.into_iter().find(|name| !has(name)) {
            let message = format!("The subscription's {name} is missing.");
            return Answer::json(400, json!({ "message": message }).to_string());
        }
        let mut all = self.all.lock();
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        wanted["id"] = format!("5ab50000-0000-4000-8000-{number:012}").into();
        wanted["status"] = "enabled".into();
        for name in MASKED {
            if let Some(value) = wanted["consumerInputs"].get_mut(name) {
                *value = "********".into();
            }
        }
        all.push(wanted.clone());
        Answer::json(200, wanted.to_string())
    }
}

fn list(value: &[Value]) -> Answer {
    Answer::json(200, json!({ "count": value.len(), "value": value }).to_string())
}

impl Script for Subscriptions {
    fn answer(&self, request: &Request) -> Option<Answer> {
        let path = request.path.to_ascii_lowercase();
        let (_, path) = path.trim_matches('/').split_once('/')?;
        match (request.method.as_str(), path) {
            ("GET", "_apis/projects") => {
                let project = |(id, name): &(String, String)| json!({ "id": id, "name": name });
                Some(list(&self.projects.iter().map(project).collect::<Vec<_>>()))
            }
            ("GET", "_apis/hooks/subscriptions") => Some(list(&self.all.lock())),
            ("POST", "_apis/hooks/subscriptions") => Some(self.add(request)),
            ("DELETE", path) => {
                let id = path.strip_prefix("_apis/hooks/subscriptions/")?;
                self.all.lock().retain(|known| known["id"] != id);
                Some(Answer::empty(204))
            }
            _ => None,
        }
    }
}
