//! A running `telltale` of a story: its own data folder, a free port, stopped when dropped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

pub struct Server {
    program: PathBuf,
    data: PathBuf,
    child: Child,
    pub url: String,
    pub key: String,
    pub connection_string: String,
    /// `https://host:port`, when it listens there too.
    pub tls_url: Option<String>,
}

impl Server {
    /// Starts on a new empty folder and waits for the ready line.
    pub fn start(program: &Path) -> Result<Server> {
        Server::start_with(program, &[])
    }

    /// As [`Server::start`], with HTTPS and a generated certificate besides.
    pub fn start_with_tls(program: &Path) -> Result<Server> {
        let settings = ["--tls-listen", "127.0.0.1:0", "--tls-generate", "localhost"];
        Server::start_with(program, &settings)
    }

    fn start_with(program: &Path, settings: &[&str]) -> Result<Server> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let data =
            std::env::temp_dir().join(format!("telltale-e2e-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&data);
        Server::start_on(program, data, "127.0.0.1:0", settings)
    }

    fn start_on(program: &Path, data: PathBuf, listen: &str, settings: &[&str]) -> Result<Server> {
        let folder = data.to_string_lossy().into_owned();
        let mut child = process::command(
            &program.to_string_lossy(),
            &["serve", "--data", &folder, "--listen", listen],
        )
        .args(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("start telltale")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).context("read the ready line")?;
        let json = line.strip_prefix("telltale ready ").context("no ready line")?;
        let ready: Value = serde_json::from_str(json).context("read the ready line")?;
        let text = |key: &str| -> Result<String> {
            Ok(ready[key].as_str().with_context(|| format!("no `{key}` in the ready line"))?.into())
        };
        Ok(Server {
            program: program.into(),
            data,
            child,
            url: text("url")?,
            key: text("instrumentationKey")?,
            connection_string: text("connectionString")?,
            tls_url: ready["tlsUrl"].as_str().map(str::to_owned),
        })
    }

    /// Asks it to stop as a service manager would and starts it again on the same folder and port,
    /// with further settings.
    pub fn restart(mut self, settings: &[&str]) -> Result<Server> {
        let listen = self.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        self.stop()?;
        let (program, data) = (self.program.clone(), std::mem::take(&mut self.data));
        Server::start_on(&program, data, &listen, settings)
    }

    /// The file of the certificate that clients of the generated one must trust.
    pub fn authority(&self) -> Result<PathBuf> {
        let file = self.data.join("authority.pem");
        let url = self.tls_url.as_deref().context("the server has no HTTPS")?;
        let path = file.to_string_lossy();
        self.command(&["tls", "show", "--url", url, "--out", &path])?;
        Ok(file)
    }

    /// Makes a key; from then on every call needs one.
    pub fn create_key(&self, name: &str, scope: &str) -> Result<String> {
        let made = self.command(&["keys", "create", name, "--scope", scope, "--url", &self.url])?;
        Ok(made.trim_end().to_owned())
    }

    /// Standard output of a command of the executable.
    pub fn command(&self, args: &[&str]) -> Result<String> {
        let program = self.program.to_string_lossy();
        let output = process::capture(&mut process::command(&program, args))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn stop(&mut self) -> Result<()> {
        let started = Instant::now();
        process::check(&mut process::command("kill", &["-TERM", &self.child.id().to_string()]))?;
        let status = self.child.wait().context("wait for telltale")?;
        if !status.success() || started.elapsed() > Duration::from_secs(10) {
            bail!("telltale stopped with {status} after {:?}", started.elapsed());
        }
        Ok(())
    }

    /// The rows a query gives, as JSON arrays of cells.
    pub fn query(&self, kql: &str) -> Result<Vec<Vec<Value>>> {
        let output = process::capture(&mut process::command(
            &self.program.to_string_lossy(),
            &["query", kql, "--url", &self.url, "--format", "ndjson"],
        ))?;
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| {
                let row: Value = serde_json::from_str(line).context("read a row")?;
                let object = row.as_object().context("a row is not an object")?;
                Ok(object.values().cloned().collect())
            })
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.data.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.data);
        }
    }
}
