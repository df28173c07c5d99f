//! The collector as a process of its own, on one core, against a generated organisation in this
//! one: seconds, processor time, most memory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use scripted_azdo::{History, Service, Shape};
use serde_json::json;

use crate::results;
use crate::server::{Server, temporary_folder};

/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Ticks of processor time in `/proc`, per second.
const TICKS: f64 = 100.0;

/// What was seen of a process while it ran.
#[derive(Default)]
struct Seen {
    cpu_seconds: f64,
    memory_peak_bytes: u64,
    /// Memory in use at a quarter of the time and at the end: flat or not.
    memory_bytes: Vec<u64>,
}

/// A generated organisation of so many builds of so many records each, answering on a port.
fn service(builds: u64, records: u64) -> Result<(Service, String)> {
    let shape = Shape {
        builds: usize::try_from(builds)?,
        records_per_build: usize::try_from(records)?,
        trouble: 1.0,
        deleted: 0.0,
        ..Shape::default()
    };
    let history = History::generate(1, &shape);
    let organization = history.organization().to_owned();
    let service = Service::start(history).context("start the service")?;
    service.gzip(false);
    Ok((service, organization))
}

/// Collects so many builds of so many records each.
pub fn run(builds: u64, records: u64) -> Result<()> {
    let (service, organization) = service(builds, records)?;
    let folder = temporary_folder("collect")?;
    let measured = measure(&folder, &service, &organization);
    let removed = std::fs::remove_dir_all(&folder).context("remove the folder");
    let (seconds, seen, rows) = measured?;
    removed?;
    let middle = seen.memory_bytes.get(seen.memory_bytes.len() / 2).copied().unwrap_or_default();
    results::record(
        "collect",
        json!({
            "builds": builds,
            "records_per_build": records,
            "rows": rows,
            "requests": service.count(),
            "seconds": (seconds * 10.0).round() / 10.0,
            "cpu_seconds": (seen.cpu_seconds * 10.0).round() / 10.0,
            "memory_peak_bytes": seen.memory_peak_bytes,
            "memory_bytes_at_half": middle,
            "memory_bytes_at_end": seen.memory_bytes.last(),
        }),
    )
}

/// Fills `data`, a new folder, with so many builds of 60 records each.
pub fn fill(data: &Path, builds: u64) -> Result<()> {
    ensure!(!data.exists(), "the folder exists already");
    let (service, organization) = service(builds, 60)?;
    let config = data.with_extension("toml");
    let child = collector(&config, data, &service, &organization, &mut Command::new(program()?))?;
    watch(child)?;
    std::fs::remove_file(&config).context("remove the settings")
}

fn program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("telltale"))
}

/// Starts one pass of `telltale collect` by `command`, its settings in the file `config`.
fn collector(
    config: &Path,
    data: &Path,
    service: &Service,
    organization: &str,
    command: &mut Command,
) -> Result<Child> {
    let url = service.url();
    let settings = format!(
        "[[source]]\nname = \"{organization}\"\nbase = \"{url}/{organization}\"\n\
         token_env = \"BENCH_PAT\"\nbackfill = \"36500d\"\ntests = \"off\"\nlogs = \"off\"\n\
         releases = false\n"
    );
    std::fs::write(config, settings)?;
    command
        .args(["collect", "--once", "--config"])
        .arg(config)
        .arg("--data")
        .arg(data)
        .env("BENCH_PAT", "pat")
        .stdin(Stdio::null())
        .spawn()
        .context("start telltale; build it in release mode first")
}

fn measure(
    folder: &Path,
    service: &Service,
    organization: &str,
) -> Result<(f64, Seen, serde_json::Value)> {
    let (config, data) = (folder.join("telltale.toml"), folder.join("data"));
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0"]).arg(program()?);
    let started = Instant::now();
    let child = collector(&config, &data, service, organization, &mut command)?;
    let seen = watch(child)?;
    let seconds = started.elapsed().as_secs_f64();
    let server = Server::start(&data)?;
    let rows = server.cell("TimelineRecords | count")?;
    Ok((seconds, seen, rows))
}

/// Looks at a process until it ends well.
fn watch(mut child: Child) -> Result<Seen> {
    let mut seen = Seen::default();
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "the collector ended with {status}");
            return Ok(seen);
        }
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id()));
        let status = read("status").unwrap_or_default();
        let kib = |line: &str| -> Option<u64> {
            let value = status.lines().find_map(|l| l.strip_prefix(line))?;
            value.trim().trim_end_matches(" kB").parse().ok()
        };
        seen.memory_peak_bytes =
            kib("VmHWM:").unwrap_or(0).max(seen.memory_peak_bytes / 1024) * 1024;
        seen.memory_bytes.extend(kib("VmRSS:").map(|kib| kib * 1024));
        // User and system time stand behind the name, which ends with a bracket.
        let stat = read("stat").unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        seen.cpu_seconds = seen.cpu_seconds.max((ticks(12) + ticks(13)) / TICKS);
        std::thread::sleep(LOOK);
    }
}
