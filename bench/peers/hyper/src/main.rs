//! hyper on a current-thread runtime, with the endpoints of the benchmark.
//! usage: peer-hyper PORT FILE
//!        peer-hyper PORT h2c: HTTP/2 by prior knowledge
//!        peer-hyper PORT FOLDER CERT KEY: over TLS (rustls); /files/NAME is a file of the folder

use std::convert::Infallible;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use http_body_util::{combinators::BoxBody, BodyExt, Full};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{HeaderValue, CONTENT_TYPE};
use hyper::server::conn::{http1, http2};
use hyper::{service::service_fn, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer};
use tokio_rustls::{rustls, TlsAcceptor};

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const FILE_PART: u64 = 64 << 10;

/// Of the answers to /length/N, at most 1 MiB.
static PATTERN: OnceLock<Vec<u8>> = OnceLock::new();

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<BoxBody<Bytes, Failure>>;

/// Has hyper's tasks run on the one thread.
#[derive(Clone)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(async move {
            task.await;
        });
    }
}

/// The rest of a file, read in parts.
struct FileBody {
    file: std::fs::File,
    left: u64,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let size = self.left.min(FILE_PART);
        let mut part = vec![0; size as usize];
        self.left -= size;
        let read = self.file.read_exact(&mut part);
        Poll::Ready(Some(read.map(|()| Frame::data(part.into())).map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body).map_err(|never: Infallible| match never {}).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn file_answer(path: String) -> std::io::Result<Answer> {
    let file = std::fs::File::open(path)?;
    let left = file.metadata()?.len();
    let mut response = Response::new(FileBody { file, left }.boxed());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(BYTES));
    Ok(response)
}

async fn serve(request: Request<Incoming>, file: &'static str, text: &'static str) -> Result<Answer, hyper::Error> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => answer(StatusCode::OK, TEXT, Bytes::from_static(text.as_bytes())),
        (&Method::POST, "/echo") => {
            let body = request.into_body().collect().await?.to_bytes();
            answer(StatusCode::OK, BYTES, body)
        }
        (&Method::POST, "/discard") => {
            let mut body = request.into_body();
            let mut bytes = 0;
            while let Some(frame) = body.frame().await {
                bytes += frame?.data_ref().map_or(0, Bytes::len);
            }
            answer(StatusCode::OK, TEXT, bytes.to_string().into())
        }
        (&Method::GET, path) if path.starts_with("/length/") => {
            let bytes: usize = path["/length/".len()..].parse().unwrap_or(0);
            let text: &'static [u8] = PATTERN.get_or_init(|| b"0123456789abcdef".repeat(1 << 16));
            answer(StatusCode::OK, TEXT, Bytes::from_static(&text[..bytes.min(text.len())]))
        }
        (&Method::GET, path) if path.starts_with("/files/") && !path.contains("..") => {
            file_answer(format!("{file}/{}", &path["/files/".len()..]))
                .unwrap_or_else(|_| answer(StatusCode::NOT_FOUND, TEXT, Bytes::new()))
        }
        (&Method::GET, "/file") => match std::fs::read(file) {
            Ok(body) => answer(StatusCode::OK, BYTES, body.into()),
            Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, Bytes::new()),
        },
        _ => answer(StatusCode::NOT_FOUND, TEXT, Bytes::new()),
    })
}

fn tls(cert: &str, key: &str) -> Result<TlsAcceptor, Failure> {
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<Vec<_>, _>>()?;
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn talk(stream: TcpStream, file: &'static str, tls: Option<TlsAcceptor>) {
    if let Some(tls) = tls {
        let Ok(stream) = tls.accept(stream).await else { return };
        let service = service_fn(move |request| serve(request, file, "hello"));
        let _left = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        return;
    }
    let service = service_fn(move |request| serve(request, file, "Welcome! Try /sse endpoint."));
    if file == "h2c" {
        let _left = http2::Builder::new(Local).serve_connection(TokioIo::new(stream), service).await;
    } else {
        // Pipelined requests are answered in one write, which is off by default.
        let _left = http1::Builder::new()
            .pipeline_flush(true)
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port: u16 = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(8080);
    let file: &'static str = Box::leak(arguments.get(1).cloned().unwrap_or_default().into_boxed_str());
    let acceptor = match &arguments[..] {
        [_, _, cert, key] => Some(tls(cert, key)?),
        _ => None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(([127, 0, 0, 1], port).into())?;
        let listener = socket.listen(4096)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(talk(stream, file, acceptor.clone()));
        }
    })
}
