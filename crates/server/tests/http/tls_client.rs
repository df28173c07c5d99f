//! Clients of HTTPS and HTTP/2 that trust exactly what a test gives them.

use std::io::{Error, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use hyper::http::Request;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio_rustls::TlsConnector;

use crate::client::{Response, read, request_bytes};

pub type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// A client that trusts the certificates in `pem` and offers the protocols `alpn`.
pub fn trusting(pem: &str, alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A connection after its handshake.
pub fn connect(config: &Arc<ClientConfig>, port: u16, host: &str) -> Result<TlsStream, Error> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut socket = crate::client::connect(port);
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(connection, socket))
}

/// One request over HTTP/1.1.
pub fn get(config: &Arc<ClientConfig>, port: u16, path: &str) -> Response {
    let mut stream = connect(config, port, "localhost").expect("a handshake");
    stream.write_all(&request_bytes("GET", path, &[], b"")).unwrap();
    read(&mut stream).expect("an answer")
}

/// A runtime for the clients of HTTP/2.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A connection of HTTP/2: what sends requests, and how the connection ended.
pub struct Http2 {
    pub requests: h2::client::SendRequest<bytes::Bytes>,
    pub ended: tokio::task::JoinHandle<Result<(), h2::Error>>,
    base: &'static str,
}

impl Http2 {
    /// Over TLS, or with prior knowledge without it.
    pub async fn connect(port: u16, tls: Option<Arc<ClientConfig>>) -> Http2 {
        let socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let Some(config) = tls else { return Http2::over(socket, "http://localhost").await };
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(config).connect(name, socket).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        Http2::over(stream, "https://localhost").await
    }

    async fn over<S>(stream: S, base: &'static str) -> Http2
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        // Room for other answers beside one that nobody takes.
        let mut builder = h2::client::Builder::new();
        builder.initial_connection_window_size(1 << 20);
        let (requests, connection) = builder.handshake(stream).await.unwrap();
        Http2 { requests, ended: tokio::spawn(connection), base }
    }

    /// Sends a request; the answer comes later.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> (h2::client::ResponseFuture, h2::SendStream<bytes::Bytes>) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .body(())
            .unwrap();
        let mut requests = self.requests.clone().ready().await.unwrap();
        let (answer, mut stream) = requests.send_request(request, body.is_empty()).unwrap();
        if !body.is_empty() {
            stream.send_data(bytes::Bytes::from(body.to_owned()), true).unwrap();
        }
        (answer, stream)
    }

    /// Status and body of a request.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (answer, _stream) = self.send(method, path, body).await;
        let answer = answer.await.unwrap();
        let status = answer.status().as_u16();
        (status, String::from_utf8(read_all(answer.into_body()).await.unwrap()).unwrap())
    }
}

/// The bytes of a body, each piece acknowledged as it comes.
pub async fn read_all(mut body: h2::RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut all = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        all.extend_from_slice(&piece);
        body.flow_control().release_capacity(piece.len())?;
    }
    Ok(all)
}

/// How long a client waits for what has to come.
pub const PATIENCE: Duration = Duration::from_secs(120);
