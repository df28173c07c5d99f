//! `telltale serve`: settings → store → app → jobs → routes → wait → orderly stop.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::{Failure, demo};
use crate::api::admin::connection_string;
use crate::app::{App, store_options};
use crate::listen::Listeners;
use crate::settings::{Access, CertificateSource, Settings, is_loopback};
use crate::tls::{self, Https, Keeper};
use crate::{audit, badges, collector, domains, hooks, jobs, listen, observe, official, routes};

/// How long jobs and the log may take to end; together with the grace of open requests this stays
/// below ten seconds.
const END_TIME: Duration = Duration::from_secs(2);
/// Plans of long queries recurse deeply.
const STACK_BYTES: usize = 8 << 20;

/// Serves until SIGTERM or Ctrl-C. `is_demo`: a demonstration, which is made first when there is
/// none.
///
/// # Errors
/// When a setting is wrong, the folder is in use or damaged, or the address is taken; when a
/// demonstration is wanted, also when the folder has data of somebody.
pub fn run(
    flags: &BTreeMap<String, String>,
    config: Option<&Path>,
    is_demo: bool,
) -> Result<(), Failure> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let settings = Settings::read(flags, &environment, config).map_err(Failure::Because)?;
    observe::start(&settings);
    if is_demo {
        demo::serve(&settings)?;
    }
    let runtime = runtime()?;
    let done = runtime.block_on(Box::pin(serve(settings)));
    runtime.shutdown_timeout(Duration::from_millis(500));
    done
}

/// The runtime of server and queries.
///
/// # Errors
/// When threads cannot be started.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build()
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    // Before the ready line: who reads it may end us at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop_signal = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    };

    // Before the folder is made: with a wrong address none is left behind.
    let bound = Bound::new(&settings.access).await?;
    let data = settings.storage.data.clone();
    let store = store::Store::open(&data, store_options(&settings))
        .map_err(|error| about_folder(&data, &error))?;
    let (listeners, urls, keeper) = listeners(bound, &settings.access, &store).await?;
    let https = keeper.as_ref().zip(urls.tls.clone());
    let https = https.map(|(keeper, url)| Https { url, certificate: keeper.certificate() });
    let app = Arc::new(App::new(settings, store, urls.preferred().to_owned(), https)?);
    domains::remember(&app.store, &app.apps, &app.settings)?;
    official::remember(&app.store, &app.apps, &app.settings)?;
    let (stop_jobs, stopped) = watch::channel(false);
    let mut running = jobs::start(&app, &stopped);
    collector::schedule::start(&app);
    badges::refresh::start(&app);
    hooks::work::start(&app);
    if let Some(keeper) = keeper {
        // Ends with the runtime: nothing of it needs an orderly end.
        tokio::spawn(keeper.keep(Arc::clone(&app), signal(SignalKind::hangup())?));
    }
    let router = routes::router(&app);
    announce(&app, &urls)?;

    listen::serve(listeners, Arc::clone(&app), router, stop_signal).await;

    // Nobody listens only when every job has ended.
    let _ = stop_jobs.send(true);
    // Not waited for: what they write is whole or not there, and the next start goes on.
    app.collectors.end();
    app.hooks.inbox.stop();
    let ended = tokio::time::timeout(END_TIME, async {
        while running.join_next().await.is_some() {}
        let app = Arc::clone(&app);
        tokio::task::spawn_blocking(move || {
            // What these keep in memory is not worth failing for.
            if let Err(error) = audit::flush(&app) {
                tracing::error!(%error, "the last rows of the audit are lost");
            }
            if let Err(error) = app.keys.save_uses() {
                tracing::error!(%error, "the last uses of keys are lost");
            }
            if let Err(error) = app.history.save() {
                tracing::error!(%error, "the last runs of histories are lost");
            }
            app.store.close()
        })
        .await
    });
    match ended.await {
        Ok(Ok(closed)) => closed?,
        Ok(Err(error)) => tracing::error!(%error, "closing the store panicked"),
        // Everything accepted is in the log; the next start reads it.
        Err(_) => tracing::warn!("a job was still running at the end"),
    }
    tracing::info!("stopped");
    Ok(())
}

/// The addresses of the listeners as clients write them.
struct Urls {
    plain: Option<String>,
    tls: Option<String>,
}

impl Urls {
    /// The one that needs nothing installed at the client.
    fn preferred(&self) -> &str {
        self.plain.as_deref().or(self.tls.as_deref()).unwrap_or_default()
    }
}

/// The addresses taken, nobody answering yet.
struct Bound {
    plain: Option<TcpListener>,
    tls: Option<TcpListener>,
}

impl Bound {
    async fn new(access: &Access) -> Result<Bound, Failure> {
        let mut bound = Bound { plain: None, tls: None };
        if let Some(address) = access.listen {
            bound.plain = Some(bind(address, "--listen").await?);
        }
        if let Some(tls) = &access.tls {
            bound.tls = Some(bind(tls.listen, "--tls-listen").await?);
        }
        Ok(bound)
    }
}

async fn listeners(
    bound: Bound,
    access: &Access,
    store: &store::Store,
) -> Result<(Listeners, Urls, Option<Keeper>), Failure> {
    let mut listeners = Listeners { plain: None, tls: None };
    let mut urls = Urls { plain: None, tls: None };
    if let Some(listener) = bound.plain {
        urls.plain = Some(format!("http://{}", authority(listener.local_addr()?)));
        listeners.plain = Some(listener);
    }
    let (Some(tls), Some(listener)) = (&access.tls, bound.tls) else {
        return Ok((listeners, urls, None));
    };
    let keeper = Keeper::new(&tls.certificate, store).await.map_err(certificate_failure)?;
    let config = keeper.config().map_err(certificate_failure)?;
    urls.tls = Some(format!("https://{}", tls_authority(&tls.certificate, listener.local_addr()?)));
    listeners.tls = Some((listener, TlsAcceptor::from(config)));
    Ok((listeners, urls, Some(keeper)))
}

/// An address as clients may call it: the one that means all of this machine's means none to them.
fn authority(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

/// Takes an address; `flag` is what names it.
async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let help = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("; is another server running there? choose another with `{flag}`")
            }
            _ => String::new(),
        };
        Failure::new(format!("cannot listen on `{address}`: {error}{help}"))
    })
}

fn certificate_failure(error: tls::Error) -> Failure {
    Failure::new(error.to_string())
}

/// Host and port under which the certificate is right.
fn tls_authority(source: &CertificateSource, address: SocketAddr) -> String {
    let host = match source {
        CertificateSource::Generated { hosts } => hosts.first().cloned(),
        CertificateSource::Files { .. } => None,
    };
    match host {
        Some(host) if host.contains(':') => format!("[{host}]:{}", address.port()),
        Some(host) => format!("{host}:{}", address.port()),
        None if is_loopback(address.ip()) => format!("localhost:{}", address.port()),
        None => address.to_string(),
    }
}

fn about_folder(data: &Path, error: &store::Error) -> Failure {
    let text = super::with_sources(error);
    let help = match error {
        store::Error::Locked { .. } => {
            "; stop it, or give this server another folder with `--data`"
        }
        _ => "",
    };
    Failure::new(format!("cannot open `{}`: {text}{help}", data.display()))
}

/// The one line on standard output that says the server can answer; where nobody has a key yet,
/// another one with the link that makes the first.
fn announce(app: &App, urls: &Urls) -> Result<(), Failure> {
    let found = app.apps.default().ok_or_else(|| Failure::new("there is no application"))?;
    let mut ready = json!({
        "url": app.url,
        "appId": found.id,
        "instrumentationKey": found.instrumentation_key,
        "connectionString": connection_string(&found, &app.url),
    });
    if let Some(tls) = &urls.tls {
        ready["tlsUrl"] = json!(tls);
    }
    let mut text = format!("telltale ready {ready}\n");
    if app.auth.stranded(&app.keys).is_some() {
        let token = app
            .auth
            .offer_first_key()
            .map_err(|error| Failure::new(format!("the system has no random bytes: {error}")))?;
        // Behind `#` it is sent to no server and stands in no log of a proxy.
        let link = format!("{}sign-in#token={token}", app.portal_url());
        text.push_str(&format!("nobody has a key yet; this link makes the first one: {link}\n"));
    }
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    let tls_url = urls.tls.as_deref();
    tracing::info!(url = app.url, tls_url, data = %app.settings.storage.data.display(), "ready");
    Ok(())
}
