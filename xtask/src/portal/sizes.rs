//! How large what a browser loads may be: compressed with Brotli, in thousands of bytes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// One limit; `files` gives what counts, paths below `dist`.
struct Budget {
    name: &'static str,
    kilobytes: u64,
    files: fn(&Chunks) -> Result<BTreeSet<String>>,
}

static BUDGETS: [Budget; 5] = [
    Budget { name: "shell", kilobytes: 37, files: |chunks| chunks.shell() },
    Budget {
        name: "Overview with charts",
        kilobytes: 300,
        files: |chunks| chunks.page("Overview.svelte", |_| true),
    },
    Budget {
        name: "Logs without charts and worker",
        kilobytes: 200,
        files: |chunks| chunks.page("Logs.svelte", |key| !is_chart(key)),
    },
    Budget {
        name: "worker",
        kilobytes: 500,
        files: |chunks| {
            let is_worker = |file: &&String| file.to_ascii_lowercase().contains("worker");
            Ok(chunks.all.iter().filter(is_worker).cloned().collect())
        },
    },
    Budget { name: "everything", kilobytes: 1024, files: |chunks| Ok(chunks.all.clone()) },
];

/// Charts are loaded when the first one is drawn.
fn is_chart(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("chart") || key.contains("zrender")
}

/// Fails when something is larger than it may be; prints all sizes.
///
/// # Errors
/// When a budget is exceeded, or the built files do not say what belongs together.
pub fn check(dist: &Path) -> Result<()> {
    let chunks = Chunks::read(dist)?;
    let mut over = Vec::new();
    for budget in &BUDGETS {
        let files = (budget.files)(&chunks)?;
        let bytes: u64 = files.iter().map(|file| size(dist, file)).sum();
        let limit = budget.kilobytes * 1000;
        let tenths = bytes.div_ceil(100);
        println!(
            "portal: {} is {}.{} kB of {} kB",
            budget.name,
            tenths / 10,
            tenths % 10,
            budget.kilobytes
        );
        if bytes > limit {
            let list: Vec<String> =
                files.iter().map(|file| format!("{file} {} B", size(dist, file))).collect();
            over.push(format!("{} is {bytes} B of {limit} B: {}", budget.name, list.join(", ")));
        }
    }
    if !over.is_empty() {
        bail!("the portal is larger than it may be\n{}", over.join("\n"));
    }
    Ok(())
}

/// Bytes a browser that knows Brotli loads.
fn size(dist: &Path, file: &str) -> u64 {
    let length = |path: String| fs::metadata(dist.join(path)).map(|found| found.len());
    length(format!("{file}.br")).or_else(|_| length(file.to_owned())).unwrap_or(0)
}

/// What Vite says about its chunks, and every built file.
struct Chunks {
    manifest: Map<String, Value>,
    all: BTreeSet<String>,
}

impl Chunks {
    fn read(dist: &Path) -> Result<Chunks> {
        let text = fs::read_to_string(dist.join(".vite/manifest.json"))
            .context("read the manifest that Vite writes")?;
        let manifest = serde_json::from_str(&text).context("read the manifest of Vite")?;
        let mut all = BTreeSet::new();
        let mut folders = vec![dist.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).context("read the built files")? {
                let path = entry?.path();
                let name = path.strip_prefix(dist).unwrap_or(&path).to_string_lossy().into_owned();
                if name.starts_with('.') || name.ends_with(".br") || name.ends_with(".gz") {
                    continue;
                }
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        all.insert(name);
                    }
                }
            }
        }
        Ok(Chunks { manifest, all })
    }

    /// What every page loads.
    fn shell(&self) -> Result<BTreeSet<String>> {
        let mut files = BTreeSet::from(["index.html".to_owned()]);
        self.walk(self.entry()?, &mut files, &mut BTreeSet::new(), &|_| false);
        Ok(files)
    }

    /// What the page of this component loads with the shell: what it needs and, as far as `wanted`
    /// says, what it loads later. Other pages are none of it.
    fn page(&self, component: &str, wanted: fn(&str) -> bool) -> Result<BTreeSet<String>> {
        let is_it = |key: &&String| key.rsplit('/').next() == Some(component);
        let page =
            self.manifest.keys().find(is_it).with_context(|| {
                format!("no chunk of `{component}`: load the page with `import()`")
            })?;
        let mut files = self.shell()?;
        let pages = self.list(self.entry()?, "dynamicImports");
        let is_later = |key: &str| !pages.contains(&key.to_owned()) && wanted(key);
        self.walk(page, &mut files, &mut BTreeSet::new(), &is_later);
        Ok(files)
    }

    fn entry(&self) -> Result<&str> {
        let is_entry = |chunk: &Value| chunk["isEntry"].as_bool() == Some(true);
        let found = self.manifest.iter().find(|(_, chunk)| is_entry(chunk));
        Ok(found.context("the manifest of Vite has no entry")?.0)
    }

    fn list(&self, key: &str, name: &str) -> Vec<String> {
        let list = self.manifest.get(key).and_then(|chunk| chunk[name].as_array());
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Adds the files of a chunk and of all it imports.
    fn walk(
        &self,
        key: &str,
        files: &mut BTreeSet<String>,
        seen: &mut BTreeSet<String>,
        is_later: &dyn Fn(&str) -> bool,
    ) {
        if !seen.insert(key.to_owned()) {
            return;
        }
        let file = self.manifest.get(key).and_then(|chunk| chunk["file"].as_str());
        files.extend(file.map(str::to_owned));
        files.extend(self.list(key, "css"));
        for next in self.list(key, "imports") {
            self.walk(&next, files, seen, is_later);
        }
        for next in self.list(key, "dynamicImports") {
            if is_later(&next) {
                self.walk(&next, files, seen, is_later);
            }
        }
    }
}
